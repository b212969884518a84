"""`verification` in `release.yaml`: every kind of check, and how the ledger keeps and returns them."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

from controller.domain.checks.check import Check
from controller.domain.checks.event_check import EventCheck
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.site_check import SiteCheck
from controller.domain.deployment import Deployment


def _kind(check: object) -> str:
    """The kind of a check: `http` unless it names another."""
    kind = check.get("kind", "http") if isinstance(check, Mapping) else getattr(check, "kind", "http")
    return kind if isinstance(kind, str) else repr(kind)


OutsideCheck = Check | SiteCheck
"""A check that can run from outside, like a visitor."""
AnyCheck = Check | SiteCheck | EventCheck | LoadCheck
Listed = Annotated[
    Annotated[Check, Tag("http")] | Annotated[SiteCheck, Tag("site")] | Annotated[EventCheck, Tag("event")],
    Discriminator(_kind),
]
_Stored: TypeAdapter[AnyCheck] = TypeAdapter(
    Annotated[
        Annotated[Check, Tag("http")]
        | Annotated[SiteCheck, Tag("site")]
        | Annotated[EventCheck, Tag("event")]
        | Annotated[LoadCheck, Tag("load")],
        Discriminator(_kind),
    ]
)


class Verification(BaseModel):
    """How the release is tested, before and after visitors see it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checks: Annotated[list[Listed], Field(max_length=100)] = []
    """Requests, pages and events that must be right, before visitors come and, if they can, from outside after each
    shift."""
    load: LoadCheck | None = None
    """Many requests to the new version of a function, before any visitor comes."""

    @property
    def everything(self) -> Sequence[AnyCheck]:
        """All checks, the load check last."""
        return [*self.checks, *([self.load] if self.load else [])]


def read_check(text: str) -> AnyCheck:
    """A check in the ledger's form: JSON, in which an HTTP check may lack `kind`."""
    return _Stored.validate_json(text)


def checks_of(deployment: Deployment) -> list[AnyCheck]:
    """The release's verification checks from the ledger."""
    return [read_check(check) for check in deployment.checks]


def outside_checks_of(deployment: Deployment) -> list[OutsideCheck]:
    """The release's checks that run from outside, like a visitor."""
    return [one for one in checks_of(deployment) if isinstance(one, Check | SiteCheck) and one.from_outside]
