"""A plan as plain values, for people and scripts before a release."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.domain.deployment import Step
from selfright.components.planned import ComponentPlan, LambdaCalls, Refusal
from selfright.planning.outlook import Outlook, Unjudged


@dataclass(frozen=True)
class Timing:
    """The duration in seconds: `bakes` for the bakes, and an estimated `overhead` for everything else.

    The most that may be added: `extended` if visitors do not come (silent versions are waited for, and bakes extended),
    `tasks` by the release's tasks and `hooks` by the environment's hooks. How long those take is their own matter.
    """

    steps: tuple[Step, ...] = ()
    bakes: int = 0
    overhead: int = 0
    extended: int = 0
    tasks: int = 0
    hooks: int = 0

    @property
    def seconds(self) -> int:
        """From the upload to the end, if all goes well; without tasks and hooks."""
        return self.bakes + self.overhead


@dataclass(frozen=True)
class Plan:
    """What a release would do in an environment.

    `live_version` is the release that is live ("" for none); `waits_for` is the deployment that holds the lock now.
    """

    environment_key: str
    application: str = ""
    version: str = ""
    digest: str = ""
    bundle_size: int = 0
    live_version: str = ""
    waits_for: str = ""
    components: tuple[ComponentPlan, ...] = ()
    timing: Timing = field(default_factory=Timing)
    calls: LambdaCalls = field(default_factory=LambdaCalls)
    outlooks: tuple[Outlook, ...] = ()
    unjudged: Unjudged | None = None
    risks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def changed(self) -> Sequence[str]:
        """The names of the components that the release changes."""
        return [one.name for one in self.components if one.change != "unchanged"]

    @property
    def irreversible(self) -> Sequence[str]:
        """Everything that a rollback would not restore, or not reliably."""
        return [*self.risks, *(f"{one.name}: {risk}" for one in self.components for risk in one.risks)]
