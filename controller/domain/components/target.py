"""A target, what a component is in an environment: where it runs, and what Selfright can do with it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from controller.domain.components.instance_default import InstanceDefault

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents


class Target(BaseModel):
    """Where a component runs. Each kind is a subclass with `kind: Literal[…]`, in a folder of its own.

    `takes_long`: a change takes minutes, so the workflow polls until it is done. Such a component shifts no
    visitors: an alarm does not wait for it, and a rollback restores it after the others. `divides_visitors`: a
    share of the visitors can be sent to a canary. `measured_by_version`: CloudWatch counts the requests of each
    revision. `conditional_writes`: its traffic can be moved on the condition that nothing changed. `in_bundles`:
    releases change it; otherwise Selfright only takes a snapshot of it before a release. `staged_in_place`: what was
    staged stays behind in the component itself, where callers meet it that do not come by its traffic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, ignored_types=(InstanceDefault,))

    kind: str

    takes_long: ClassVar[bool] = False
    divides_visitors: ClassVar[bool] = False
    measured_by_version: ClassVar[bool] = False
    conditional_writes: ClassVar[bool] = True
    in_bundles: ClassVar[bool] = True
    staged_in_place: ClassVar[bool] = False

    if TYPE_CHECKING:

        @property
        def url(self) -> str | None:
            """The URL at which visitors reach it, if they do."""

        @property
        def variables(self) -> Mapping[str, str]:
            """The environment variables that override the bundle's; empty for kinds without this key."""

        @property
        def when_bypassed(self) -> Literal["refuse", "say"]:
            """What happens to a release of it if somebody calls it past its traffic; without this key: it is said."""

        @property
        def when_indivisible(self) -> Literal["refuse", "at_once"]:
            """What happens to a release of it whose visitors AWS cannot divide; for kinds without this key: refused."""
    else:
        url = InstanceDefault(None)
        variables = InstanceDefault({})
        when_bypassed = InstanceDefault("say")
        when_indivisible = InstanceDefault("refuse")

    @property
    def patience(self) -> timedelta:
        """The timeout of a change or a snapshot; zero for kinds that do not take long."""
        return timedelta()

    @property
    def arrival_patience(self) -> timedelta:
        """How long a release waits until a change of its traffic has arrived; zero for kinds that move no visitors."""
        return timedelta()

    @property
    def always_snapshot(self) -> bool:
        """Whether a snapshot is taken even before a release that changes nothing; for kinds outside bundles."""
        return False

    @property
    def log_groups(self) -> tuple[str, ...]:
        """The names of the log groups that it writes to."""
        return ()

    @property
    def entrance(self) -> str:
        """By what its callers should come, for kinds that are staged in place."""
        return ""

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:
        """Raise `InvalidBundleError` when this artifact, which must be of the same kind, does not fit the target."""
