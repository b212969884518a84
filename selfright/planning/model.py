"""A plan as plain values: what people and scripts are told before a release."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.domain.deployment import Step
from selfright.components.planned import ComponentPlan, LambdaCalls, Refusal
from selfright.planning.outlook import Outlook


@dataclass(frozen=True)
class Timing:
    """How long it takes, in seconds: the bakes, and about so much for everything else.

    `extended` is added at most when evidence is missing and the bakes are extended.
    """

    steps: tuple[Step, ...] = ()
    bakes: int = 0
    overhead: int = 0
    extended: int = 0

    @property
    def seconds(self) -> int:
        """From the upload to the end, when all goes well."""
        return self.bakes + self.overhead


@dataclass(frozen=True)
class Plan:
    """What a release would do in an environment.

    `live_version` is the release that is live ("" for none); `waits_for` the deployment that holds the lock now.
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
    risks: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def changed(self) -> Sequence[str]:
        """The names of the components that are not skipped."""
        return [one.name for one in self.components if one.change != "unchanged"]

    @property
    def irreversible(self) -> Sequence[str]:
        """Everything that a rollback would not put back, or only by luck."""
        return [*self.risks, *(f"{one.name}: {risk}" for one in self.components for risk in one.risks)]
