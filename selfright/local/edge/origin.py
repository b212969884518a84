"""The site's bucket as its distribution sees it: which function routes, how long answers are kept, what is added."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from selfright.local.edge.events import generated, request_event, seen
from selfright.local.edge.http import EdgeResponse
from selfright.local.edge.node import Node
from selfright.local.edge.targets import Targets

BUCKET = re.compile(r"^(?P<bucket>.+?)\.s3[.-]")
MAX_AGE = re.compile(r"(?:s-maxage|max-age)=(\d+)")
NEVER_KEPT = re.compile(r"no-store|no-cache|private")
VIEWER_REQUEST, VIEWER_RESPONSE = "viewer-request", "viewer-response"
CLOUDFRONT = "cloudfront.amazonaws.com"
LISTING = "s3:ListBucket"
BAD = 400

ClientOf = Callable[[str], Any]
"""Gives a client of the service of this name."""


@dataclass(frozen=True)
class _Setup:
    """What one distribution is set up to do."""

    function: str
    bucket: str
    lifetimes: tuple[float, float, float]
    """The least, the usual and the longest time that its cache policy keeps an object, in seconds."""
    headers: tuple[tuple[str, str], ...]
    is_listed: bool
    """Whether CloudFront may list the bucket: only then a missing object is a 404."""
    sees_answers: bool
    """Whether the function runs on viewer-response as well."""
    behind: str = ""
    """The domain of the distribution that is asked where the bucket has nothing."""
    behind_on: frozenset[int] = frozenset()
    """The statuses of the bucket on which it is asked."""


class S3Origin:
    """Reads from the emulator itself, by public APIs."""

    def __init__(self, client_of: ClientOf, factor: float, error_cached: Callable[[], float]) -> None:
        """Times of the cache policy are multiplied by `factor`; errors are kept for `error_cached()` seconds."""
        self._cloudfront, self._s3 = client_of("cloudfront"), client_of("s3")
        self._factor, self._error_cached = factor, error_cached
        self._lock, self._node = threading.Lock(), Node()
        self._setups: dict[str, _Setup] = {}

    def code(self, targets: Targets) -> str:
        """The published code of the routing function."""
        return self._code(self._setup(targets.distribution_domain).function)

    def _code(self, name: str) -> str:
        return str(self._cloudfront.get_function(Name=name, Stage="LIVE")["FunctionCode"].read().decode())

    def run(self, code: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the code's handler returns; raises `RuntimeError` when it fails."""
        return self._node.run(code, event)

    def fetch(self, targets: Targets, uri: str) -> EdgeResponse:
        """The object, or S3's error: 403 for one that is missing, unless CloudFront may list the bucket.

        A second origin that is another distribution answers in place of an error for which it is there.
        """
        setup = self._setup(targets.distribution_domain)
        answer = self._object(setup, uri)
        return self._behind(setup.behind, uri) if setup.behind and answer.status in setup.behind_on else answer

    def sees_answers(self, targets: Targets) -> bool:
        """Whether the routing function runs on viewer-response as well."""
        return self._setup(targets.distribution_domain).sees_answers

    def _object(self, setup: _Setup, uri: str) -> EdgeResponse:
        try:
            # In an address S3 reads a plus as a space.
            found = self._s3.get_object(Bucket=setup.bucket, Key=unquote_plus(uri).lstrip("/"))
        except ClientError as problem:
            status = int(problem.response["ResponseMetadata"]["HTTPStatusCode"])
            status = status if status != 404 or setup.is_listed else 403  # noqa: PLR2004 - HTTP's own
            return EdgeResponse(status, b"<Error></Error>", (("content-type", "application/xml"),))
        named = {"ContentType": "content-type", "CacheControl": "cache-control", "ETag": "etag"}
        headers = [(header, str(found[key])) for key, header in named.items() if key in found]
        metadata = [(f"x-amz-meta-{name}", value) for name, value in found["Metadata"].items()]
        return EdgeResponse(200, found["Body"].read(), (*headers, *metadata))

    def _behind(self, domain: str, uri: str) -> EdgeResponse:
        """The answer of the distribution that is the second origin; it has no cache here."""
        setup = self._setup(domain)
        code, request = self._code(setup.function), request_event("GET", uri, "", "127.0.0.1", {})
        result = self.run(code, request)
        if "statusCode" in result:
            return generated(result)
        answer = self._object(setup, str(result["uri"]))
        return seen(partial(self.run, code), request, answer) if setup.sees_answers else answer

    def close(self) -> None:
        """End the process that runs the functions."""
        self._node.close()

    def lifetime(self, targets: Targets, answer: EdgeResponse) -> float:
        """Seconds for which a location keeps this answer, by the cache policy and the object's Cache-Control."""
        if answer.status >= BAD:
            return self._error_cached()
        least, usual, longest = self._setup(targets.distribution_domain).lifetimes
        said = dict(answer.headers).get("cache-control", "")
        age = MAX_AGE.search(said)
        wished = 0 if NEVER_KEPT.search(said) else float(age[1]) if age else usual
        return self._factor * min(max(wished, least), longest)

    def headers(self, targets: Targets) -> tuple[tuple[str, str], ...]:
        """The security headers of the distribution's policy."""
        return self._setup(targets.distribution_domain).headers

    def _setup(self, domain: str) -> _Setup:
        with self._lock:
            if domain not in self._setups:
                self._setups[domain] = self._read(domain)
            return self._setups[domain]

    def _read(self, domain: str) -> _Setup:
        distributions = self._cloudfront.list_distributions()["DistributionList"].get("Items", [])
        found = next(one["Id"] for one in distributions if one["DomainName"] == domain)
        config = self._cloudfront.get_distribution_config(Id=found)["DistributionConfig"]
        behavior = config["DefaultCacheBehavior"]
        functions = behavior.get("FunctionAssociations", {}).get("Items", [])
        arn = next(one["FunctionARN"] for one in functions if one["EventType"] == VIEWER_REQUEST)
        origins = {one["Id"]: one["DomainName"] for one in config["Origins"]["Items"]}
        first, behind, behind_on = _members(config, behavior["TargetOriginId"])
        match = BUCKET.match(origins[first])
        bucket = match["bucket"] if match else origins[first]
        return _Setup(
            arn.rpartition("/")[2],
            bucket,
            self._lifetimes(behavior),
            self._added(behavior),
            self._is_listed(bucket),
            any(one["EventType"] == VIEWER_RESPONSE and one["FunctionARN"] == arn for one in functions),
            origins.get(behind, ""),
            behind_on,
        )

    def _lifetimes(self, behavior: Mapping[str, Any]) -> tuple[float, float, float]:
        policy = behavior
        if wanted := behavior.get("CachePolicyId"):
            policy = self._cloudfront.get_cache_policy(Id=wanted)["CachePolicy"]["CachePolicyConfig"]
        return policy.get("MinTTL", 0), policy.get("DefaultTTL", 86_400), policy.get("MaxTTL", 31_536_000)

    def _added(self, behavior: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        if not (wanted := behavior.get("ResponseHeadersPolicyId")):
            return ()
        said = self._cloudfront.get_response_headers_policy(Id=wanted)["ResponseHeadersPolicy"]
        security = said["ResponseHeadersPolicyConfig"].get("SecurityHeadersConfig", {})
        kinds: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
            "ContentSecurityPolicy": ("content-security-policy", partial(_of, "ContentSecurityPolicy")),
            "ContentTypeOptions": ("x-content-type-options", lambda _: "nosniff"),
            "FrameOptions": ("x-frame-options", partial(_of, "FrameOption")),
            "ReferrerPolicy": ("referrer-policy", partial(_of, "ReferrerPolicy")),
            "StrictTransportSecurity": ("strict-transport-security", _transport),
        }
        return tuple((name, text(security[kind])) for kind, (name, text) in kinds.items() if kind in security)

    def _is_listed(self, bucket: str) -> bool:
        try:
            policy = json.loads(self._s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError:
            return False
        return any(
            one["Effect"] == "Allow" and CLOUDFRONT in str(one.get("Principal")) and LISTING in one.get("Action", ())
            for one in policy["Statement"]
        )


def _members(config: Mapping[str, Any], target: str) -> tuple[str, str, frozenset[int]]:
    """The origins behind a behavior's target: the first, the second if there is one, and the statuses for that."""
    for group in config.get("OriginGroups", {}).get("Items", []):
        if group["Id"] == target:
            first, second = (one["OriginId"] for one in group["Members"]["Items"])
            return first, second, frozenset(group["FailoverCriteria"]["StatusCodes"]["Items"])
    return target, "", frozenset()


def _of(key: str, said: Mapping[str, Any]) -> str:
    return str(said[key])


def _transport(said: Mapping[str, Any]) -> str:
    subdomains = "; includeSubDomains" if said.get("IncludeSubdomains") else ""
    return f"max-age={said['AccessControlMaxAgeSec']}{subdomains}"
