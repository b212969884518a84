"""The traffic of a site: the CloudFront function on viewer-request, whose code holds the routing table.

A CloudFront function has two stages. A change is an update of DEVELOPMENT and its publication to LIVE, each on the
condition of DEVELOPMENT's ETag; so a change that somebody else began, or that we did not finish, is never published by
accident: whoever writes second fails. No cache needs to be cleared, because CloudFront looks into its cache after this
function, by the rewritten URI.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.site.files import SiteFiles
from controller.aws.components.traffic import Traffic
from controller.domain.components.site.index import INDEX_NAME
from controller.domain.components.site.routing import REVISIONS, RoutingTable, parse, render
from controller.domain.components.site.target import SiteTarget
from controller.errors import ChangedByOthersError

COMMENT = "Chooses the revision; published by Selfright"
RUNTIME: Literal["cloudfront-js-2.0"] = "cloudfront-js-2.0"
FOLDERS = "hashed"
"""The metadata of a revision's index that lists its shared folders, as JSON."""


def index_key(revision: str) -> str:
    """Where a revision's index lies. It is written last: a revision is complete when it is there."""
    return f"{REVISIONS}{revision}/{INDEX_NAME}"


@dataclass(frozen=True)
class SiteState:
    """The tables in LIVE and in DEVELOPMENT; None stands for code that Selfright did not publish."""

    live: RoutingTable | None
    draft: RoutingTable | None
    etag: str


class SiteTraffic(Traffic[SiteState]):
    """Moves a site's visitors by its routing function."""

    def __init__(self, clients: Clients, target: SiteTarget, files: SiteFiles) -> None:
        self._clients, self._target, self._files = clients, target, files
        self.name = f"the routing function {target.routing_function}"

    def live(self) -> RoutingTable:
        """The table that visitors get, one call; raises `ChangedByOthersError` when its code is not ours."""
        table, _ = self._stage("LIVE")
        if table is None:
            raise ChangedByOthersError(
                f"The code of {self.name} is not what Selfright published: somebody edited it. Put it back by hand."
            )
        return table

    def read(self) -> SiteState:
        """Both stages, two calls; DEVELOPMENT first, because a write is guarded by what it was before LIVE was read."""
        draft, etag = self._stage("DEVELOPMENT")
        live, _ = self._stage("LIVE")
        return SiteState(live, draft, etag)

    def is_at(self, state: SiteState, stable: str, canary: str, weight: int) -> bool:
        """Whether LIVE routes so, and no unpublished table of ours waits in DEVELOPMENT."""
        if state.live is None:
            return False
        wanted = state.live.pointed_at(stable, canary, weight)
        return all(table.routes_like(wanted) for table in (state.live, state.draft) if table is not None)

    def is_between(self, state: SiteState, stable: str, canary: str) -> bool:
        """Whether LIVE has only these two, and DEVELOPMENT nobody's unpublished work."""
        return state.live is not None and state.draft is not None and state.live.is_between(stable, canary)

    def write(self, state: SiteState, stable: str, canary: str, weight: int) -> None:
        """Two calls, and one more for a revision that the table does not know yet."""
        table = self._with_folders((state.live or RoutingTable()).pointed_at(stable, canary, weight))
        name = self._target.routing_function
        with calling("cloudfront:UpdateFunction", name):
            updated = self._clients.routing.update_function(
                Name=name,
                IfMatch=state.etag,
                FunctionConfig={"Comment": COMMENT, "Runtime": RUNTIME},
                FunctionCode=render(table),
            )
        # The service's own description calls this header "ETtag", so under its right name boto3 does not know it.
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

    def _with_folders(self, table: RoutingTable) -> RoutingTable:
        named = [revision for revision in (table.stable, table.canary) if revision]
        missing = {
            revision: folders_in(self._files.metadata(index_key(revision)))
            for revision in named
            if revision not in table.hashed
        }
        return replace(table, fallback=self._target.fallback, hashed={**table.hashed, **missing})


def folders_in(metadata: Mapping[str, str]) -> Sequence[str]:
    """The shared folders that the metadata of a revision's index lists."""
    return tuple(json.loads(metadata.get(FOLDERS, "[]")))
