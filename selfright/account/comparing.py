"""Compares what visitors get with what the ledger says is live: a change by hand is found here, and nowhere else.

Somebody can move an alias, publish a routing function or write a pointer without Selfright. The ledger does not learn
of it, so without this comparison everything looks well while every visitor gets an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from controller.domain.deployment import Deployment, Revision
from controller.domain.environment import Environment
from controller.domain.history import left_by
from controller.domain.phases import Phase
from controller.errors import AwsError, ConflictError, NotFoundError, SelfrightError
from selfright.account.account import Account
from selfright.account.status import EnvironmentStatus
from selfright.components.registry import kind_of

PAUSES = (0.5, 1.5)
"""Seconds between the reads of what looks changed: a read just after a write may still show the state before it."""

RELEASE = "Undo that change, or release a bundle that has this component."

Outcome = Literal["as_released", "changed", "not_compared"]


@dataclass(frozen=True)
class ComparedComponent:
    """One component: what it is on (`found`), and what it should be on (`expected`), as the release `version` has it.

    `reason` says what is wrong, or why it was not compared; `next_step` what to do about it. Both are empty for a
    component that is as it was released.
    """

    name: str
    outcome: Outcome
    expected: str = ""
    version: str = ""
    found: str | None = None
    reason: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class ComparedEnvironment:
    """An environment's components; or `why_not`, the reason for which none of them was compared."""

    environment_key: str
    components: tuple[ComparedComponent, ...] = ()
    why_not: str = ""

    @property
    def changed(self) -> list[ComparedComponent]:
        """The components that are not as the live release left them."""
        return [one for one in self.components if one.outcome == "changed"]

    @property
    def unknown(self) -> list[ComparedComponent]:
        """The components that could not be compared."""
        return [one for one in self.components if one.outcome == "not_compared"]


@dataclass(frozen=True)
class Comparer:
    """Compares environments, with the person's permissions; it changes nothing. `sleep` waits between two reads."""

    account: Account
    sleep: Callable[[float], None]

    def compare(self, status: EnvironmentStatus) -> ComparedEnvironment:
        """Compare every component that moves visitors or settings; what cannot be read is said, and no error.

        Nothing is compared while a deployment is on its way or the environment is held: then it may be anywhere. A
        change is believed when several reads agree and no deployment began meanwhile.
        """
        key = status.environment_key
        if why := _why_not(status):
            return ComparedEnvironment(key, why_not=why)
        try:
            environment = self.account.environment(key)
            names = {name for name, one in environment.components.items() if one.in_bundles and not one.takes_long}
            left = left_by(self.account.ledger.find, status.live, names)
            wanted = {name: (release, release.staged[name]) for name, release in left.items()}
        except SelfrightError as error:
            return ComparedEnvironment(key, why_not=str(error))
        live = status.live.deployment_id if status.live else ""
        found = {name: self._read(environment, name, live, *release) for name, release in wanted.items()}
        for pause in PAUSES:
            doubtful = [name for name, one in found.items() if one.outcome == "changed"]
            if not doubtful:
                break
            self.sleep(pause)
            found |= {name: self._read(environment, name, live, *wanted[name]) for name in doubtful}
        compared = ComparedEnvironment(key, tuple(found[name] for name in sorted(found)))
        if compared.changed and _moved_on(status, self.account.ledger.status(key)):
            return ComparedEnvironment(key, why_not="a deployment began meanwhile")
        return compared

    def _read(
        self, environment: Environment, name: str, live: str, release: Deployment, expected: Revision
    ) -> ComparedComponent:
        known = ComparedComponent(name, "as_released", expected.id, release.version)
        try:
            component = self.account.world.components.get(environment, name, urgent=True)
            current = component.current()
            recovered = current.digest == expected.digest != "" and not component.has(expected)
        except (ConflictError, NotFoundError) as error:
            return _changed(known, environment, release, live, str(error))
        except AwsError as error:
            return replace(known, outcome="not_compared", reason=str(error))
        known = replace(known, found=current.id)
        if current.id == expected.id or recovered:
            return known
        return _changed(known, environment, release, live, f"is on {current.id or 'nothing'}")


def _why_not(status: EnvironmentStatus) -> str:
    if status.on_its_way:
        return "a deployment is on its way"
    if status.held:
        return "the environment is held"
    if status.live is None:
        return "nothing is live"
    if status.live.phase is Phase.ROLLBACK_FAILED:
        return f"a person accepted the environment as the failed rollback of {status.live.version} left it"
    return ""


def _moved_on(before: EnvironmentStatus, now: EnvironmentStatus) -> bool:
    """Whether a deployment has begun, or another release has become live, since the status was read."""
    live = before.live.deployment_id if before.live else ""
    return bool(now.on_its_way or now.held) or live != (now.live.deployment_id if now.live else "")


def _changed(
    known: ComparedComponent, environment: Environment, release: Deployment, live: str, reason: str
) -> ComparedComponent:
    target = environment.components[known.name]
    by_hand = kind_of(target.kind).by_hand(target, known.expected)
    steps = [f"Put it right at once: `{by_hand}`."] if by_hand else []
    if not by_hand and release.export:
        undone = f"`selfright restore {release.deployment_id} --component {known.name}`"
        steps.append(f"{undone} brings back what was there before {known.version}.")
    if release.deployment_id == live and not target.divides_visitors:  # Otherwise the hand change would be its stable.
        again = f"`selfright rollback --environment {environment.key} --to {known.version}`"
        steps.append(f"{again} releases {known.version} again.")
    return replace(known, outcome="changed", reason=reason, next_step=" ".join(steps) or RELEASE)
