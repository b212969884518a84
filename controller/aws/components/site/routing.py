"""The traffic of a site: the CloudFront function on viewer-request, whose code holds the routing table.

A CloudFront function has two stages. A change is an update of DEVELOPMENT and its publication to LIVE, both on the
condition of DEVELOPMENT's ETag. So a change that somebody else began, or that Selfright did not finish, is never
published by accident: the second writer fails. No cache needs to be cleared, because CloudFront looks into its cache
after this function, by the rewritten URI.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.site.files import SiteFiles
from controller.aws.components.traffic import Traffic
from controller.domain.components.site.hashes import REVISIONS, Sharing
from controller.domain.components.site.index import INDEX_NAME
from controller.domain.components.site.routing import RoutingTable, parse, render, with_page
from controller.domain.components.site.target import SiteTarget
from controller.errors import ChangedByOthersError

COMMENT = "Chooses the revision; published by Selfright"
RUNTIME: Literal["cloudfront-js-2.0"] = "cloudfront-js-2.0"
FOLDERS = "hashed"
"""The name of the metadata of a revision's index that lists its shared folders, as JSON; null when names tell it."""
SITE = "site"
"""The name of the metadata of a revision's index that has what the routing function must know besides, as JSON."""


def index_key(revision: str) -> str:
    """The key of a revision's index. The index is written last: a revision that has one is complete."""
    return f"{REVISIONS}{revision}/{INDEX_NAME}"


@dataclass(frozen=True)
class SiteState:
    """The routing tables in LIVE and in DEVELOPMENT; None stands for code that Selfright did not write."""

    live: RoutingTable | None
    draft: RoutingTable | None
    etag: str


class SiteTraffic(Traffic[SiteState]):
    """Moves a site's visitors by means of its routing function."""

    def __init__(self, clients: Clients, target: SiteTarget, files: SiteFiles) -> None:
        self._clients, self._target, self._files = clients, target, files
        self.name = f"the routing function {target.routing_function}"

    def live(self) -> RoutingTable:
        """The table in LIVE, one call; raises `ChangedByOthersError` when the code there is not ours."""
        table, _ = self._stage("LIVE")
        if table is None:
            raise ChangedByOthersError(
                f"The code of {self.name} is not what Selfright published: somebody edited it. Restore it by hand."
            )
        return table

    def read(self) -> SiteState:
        """Both stages, two calls. DEVELOPMENT is read first: its ETag, older than LIVE's state, guards the write."""
        draft, etag = self._stage("DEVELOPMENT")
        live, _ = self._stage("LIVE")
        return SiteState(live, draft, etag)

    def is_at(self, state: SiteState, stable: str, canary: str, weight: int) -> bool:
        """Whether LIVE routes as wanted, and DEVELOPMENT has no unpublished table of ours that routes otherwise."""
        if state.live is None:
            return False
        wanted = state.live.pointed_at(stable, canary, weight)
        return all(table.routes_like(wanted) for table in (state.live, state.draft) if table is not None)

    def is_between(self, state: SiteState, stable: str, canary: str) -> bool:
        """Whether LIVE names only these two revisions, and DEVELOPMENT has no unpublished work of somebody else."""
        return state.live is not None and state.draft is not None and state.live.is_between(stable, canary)

    def seal(self, state: SiteState) -> str | None:
        """The seal of what was published, if DEVELOPMENT has the same.

        None when DEVELOPMENT has somebody else's draft: it has changed the ETag, so no write of ours can succeed.
        """
        if state.draft is None:
            return None
        seals = {table.seal for table in (state.live, state.draft) if table is not None}
        return seals.pop() if len(seals) == 1 else ""

    def write(self, state: SiteState, stable: str, canary: str, weight: int, seal: str) -> None:
        """Two calls, and one more for a revision that is not in the table yet."""
        table = self._with_sites((state.live or RoutingTable()).pointed_at(stable, canary, weight))
        table = replace(table, seal=seal)
        name = self._target.routing_function
        with calling("cloudfront:UpdateFunction", name):
            updated = self._clients.routing.update_function(
                Name=name,
                IfMatch=state.etag,
                FunctionConfig={"Comment": COMMENT, "Runtime": RUNTIME},
                FunctionCode=render(table),
            )
        # The service's own description calls this header "ETtag", so boto3 does not know it under its right name.
        etag = updated.get("ETag") or updated["ResponseMetadata"]["HTTPHeaders"]["etag"]
        with calling("cloudfront:PublishFunction", name):
            self._clients.routing.publish_function(Name=name, IfMatch=etag)

    def describe(self, state: SiteState) -> str:
        """The table in words."""
        if state.live is None:
            return "code that somebody edited"
        if state.draft is None:
            return "an unpublished change that somebody made in DEVELOPMENT"
        share = f" with {state.live.weight} % on {state.live.canary}" if state.live.canary else ""
        return f"{f'revision {state.live.stable}' if state.live.stable else 'no revision'}{share}"

    def _stage(self, stage: Literal["LIVE", "DEVELOPMENT"]) -> tuple[RoutingTable | None, str]:
        with calling("cloudfront:GetFunction", f"{self._target.routing_function} ({stage})"):
            answer = self._clients.routing.get_function(Name=self._target.routing_function, Stage=stage)
            code = answer["FunctionCode"].read()
        try:
            return parse(code), answer["ETag"]
        except ChangedByOthersError:
            return None, answer["ETag"]

    def _with_sites(self, table: RoutingTable) -> RoutingTable:
        """The table with what the function must know of its revisions; one call for each that is new."""
        hashed, sites = dict(table.hashed), dict(table.sites)
        for revision in (table.stable, table.canary):
            if revision and revision not in table.hashed:
                metadata = self._files.metadata(index_key(revision))
                hashed[revision] = sharing_in(metadata)
                sites[revision] = site_in(metadata, self._target.fallback)
        return replace(table, hashed=hashed, sites=sites)


def sharing_in(metadata: Mapping[str, str]) -> Sharing:
    """Which files of a revision are shared, by the metadata of its index."""
    return Sharing.below(json.loads(metadata.get(FOLDERS, "[]")))


def site_in(metadata: Mapping[str, str], fallback: str) -> Mapping[str, Any]:
    """What the routing function must know of a revision's addresses, by the metadata of its index.

    `fallback` is the page of an application that was staged before its page was written there.
    """
    return with_page(json.loads(metadata.get(SITE, "{}")), fallback)
