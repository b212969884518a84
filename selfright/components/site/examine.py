"""Examines a site's bucket, its routing function and its distribution, as a release needs them."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.components.site.files import SiteFiles
from controller.aws.components.site.routing import SiteTraffic, index_key
from controller.domain.advice import CHANGED_ADVICE
from controller.domain.components.site.target import SiteTarget
from selfright.components.examined import Examination, Examining, Finding, note, ok, problem
from selfright.components.site.certificate import examine_certificate

ON_REQUEST, ON_RESPONSE = "viewer-request", "viewer-response"
DEPLOY = "Correct the distribution in the application's template, and deploy that."


class SiteExaminer:
    """Looks at one site."""

    def __init__(self, examining: Examining, target: SiteTarget) -> None:
        self._clients, self._target, self._now = examining.clients, target, examining.now
        self._files = SiteFiles(examining.clients, target.bucket)
        self._traffic = SiteTraffic(examining.clients, target, self._files)

    def examinations(self) -> list[Examination]:
        """The bucket, the routing function, and the distribution with its certificate."""
        return [
            Examination(f"the bucket {self._target.bucket}", self._bucket),
            Examination(self._traffic.name, self._routing),
            Examination(f"the distribution {self._target.distribution_id or '(unknown)'}", self._distribution),
        ]

    def _bucket(self) -> Iterator[Finding]:
        with calling("s3:ListBucket", self._target.bucket):
            self._clients.objects.head_bucket(Bucket=self._target.bucket)
        live = self._traffic.read().live
        if not (live and live.stable):
            yield ok("it exists")
        elif self._files.has(index_key(live.stable)):
            yield ok(f"it has revision {live.stable}, which is live, and it can be read")
        else:
            means = "Visitors get errors, and a rollback to this revision would be refused."
            step = "`selfright restore` of a later deployment uploads the files again; or release the bundle again."
            yield problem(f"the files of revision {live.stable}, which is live, are gone", means, step)

    def _routing(self) -> Iterator[Finding]:
        state = self._traffic.read()
        if state.live is None or state.draft is None:
            means = "Selfright does not overwrite what somebody else wrote: a release would be refused."
            yield problem(self._traffic.describe(state), means, CHANGED_ADVICE)
        elif state.live.canary:
            means = "A release begins only while all visitors are on one revision."
            yield problem(self._traffic.describe(state), means, "Wait for the deployment, or roll it back.")
        elif not state.live.stable:
            yield ok("the stack's placeholder, which answers 503 until the first release")
        else:
            yield ok(f"Selfright's own code, on revision {state.live.stable}")

    def _distribution(self) -> Iterator[Finding]:
        if not (distribution := self._target.distribution_id):
            means = "Whether the routing function is on it, and its certificate, cannot be seen."
            yield note("the environment does not name it", means, "Give the site a `distribution_id`.")
            return
        with calling("cloudfront:GetDistribution", distribution):
            found: Mapping[str, Any] = self._clients.routing.get_distribution(Id=distribution)["Distribution"]
        settings: Mapping[str, Any] = found["DistributionConfig"]
        if not settings.get("Enabled", True):
            yield problem("it is disabled", "CloudFront answers nobody.", "Enable it.")
        elif found["Status"] == "InProgress":
            means = "A release waits until CloudFront has deployed the change, for 30 minutes at most."
            yield note("a change of it is being deployed", means)
        else:
            yield ok("enabled and deployed")
        yield from self._behaviour(settings)
        yield from self._origin(settings)
        if arn := settings.get("ViewerCertificate", {}).get("ACMCertificateArn"):
            yield from examine_certificate(arn, self._now)

    def _behaviour(self, settings: Mapping[str, Any]) -> Iterator[Finding]:
        functions = settings.get("DefaultCacheBehavior", {}).get("FunctionAssociations", {}).get("Items", [])
        on_request = [one["FunctionARN"] for one in functions if one["EventType"] == ON_REQUEST]
        if any(arn.rpartition("/")[2] == self._target.routing_function for arn in on_request):
            yield ok(f"{self._target.routing_function} chooses the revision of each request")
            on_response = [one["FunctionARN"] for one in functions if one["EventType"] == ON_RESPONSE]
            if not any(arn.rpartition("/")[2] == self._target.routing_function for arn in on_response):
                means = "Redirects are pages that lead on, and a site's own headers are not sent."
                yield note(f"{self._target.routing_function} is not on {ON_RESPONSE}", means, DEPLOY)
            return
        has = f"has {on_request[0].rpartition('/')[2]}" if on_request else "has no function"
        means = f"Its default behavior must have {self._target.routing_function}, or no release reaches a visitor."
        yield problem(f"its default behavior {has} on {ON_REQUEST}", means, DEPLOY)

    def _origin(self, settings: Mapping[str, Any]) -> Iterator[Finding]:
        domains = [one["DomainName"] for one in settings.get("Origins", {}).get("Items", [])]
        if not any(domain.startswith(f"{self._target.bucket}.") for domain in domains):
            means = f"It gets files from {', '.join(domains) or 'nowhere'}; releases are uploaded to another bucket."
            yield problem(f"the bucket {self._target.bucket} is none of its origins", means, DEPLOY)
        groups = {one["Id"] for one in settings.get("OriginGroups", {}).get("Items", [])}
        if settings.get("DefaultCacheBehavior", {}).get("TargetOriginId", "") not in groups:
            means = "Visitors see S3's own error, 403 or 404, for what a release does not have."
            yield note("nothing answers for what is missing", means, "Put `MissingPages` behind the bucket.")
