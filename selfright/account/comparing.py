"""Compares what visitors get with what the ledger says is live: a change by hand is found here, and nowhere else.

Somebody can move an alias, publish a routing function or write a pointer without Selfright. The ledger does not learn
of it, so without this comparison everything looks well while every visitor gets an error.
"""

from collections.abc import Callable, Iterator
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

Outcome = Literal["as_released", "changed", "not_restored", "not_compared"]


@dataclass(frozen=True)
class ComparedComponent:
    """One component: what it is on (`found`), and what it should be on (`expected`), as the release `version` has it.

    `not_restored`: it is still on what a release has brought whose rollback failed; `changed`: it is on something else.
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
        """The components that are not as the live release left them, or not restored after a failed rollback."""
        return [one for one in self.components if one.outcome in {"changed", "not_restored"}]

    @property
    def unknown(self) -> list[ComparedComponent]:
        """The components that could not be compared."""
        return [one for one in self.components if one.outcome == "not_compared"]


@dataclass(frozen=True)
class _Wanted:
    """What a component should be on, as `release` left it.

    After a failed rollback, `failed` is the release that was to be rolled back, and `release` the one before it.
    """

    revision: Revision
    release: Deployment | None
    failed: Deployment | None = None

    @property
    def version(self) -> str:
        """Whose revision it is."""
        return self.release.version if self.release else ""

    def brought(self, name: str) -> str:
        """The revision that the failed release brought of this component; "" without one."""
        staged = self.failed.staged.get(name) if self.failed else None
        return staged.id if staged else ""


@dataclass(frozen=True)
class Comparer:
    """Compares environments, with the person's permissions; it changes nothing. `sleep` waits between two reads."""

    account: Account
    sleep: Callable[[float], None]

    def compare(self, status: EnvironmentStatus) -> ComparedEnvironment:
        """Compare every component that moves visitors or settings; what cannot be read is said, and no error.

        Nothing is compared while a deployment is on its way or a recovery has not ended: then it may be anywhere. An
        environment that a failed rollback holds is compared with what should have been restored. A change is believed
        when several reads agree and no deployment began meanwhile.
        """
        key = status.environment_key
        if why := _why_not(status):
            return ComparedEnvironment(key, why_not=why)
        try:
            environment = self.account.environment(key)
            wanted = self._wanted(environment, status)
        except SelfrightError as error:
            return ComparedEnvironment(key, why_not=str(error))
        live = status.live.deployment_id if status.live else ""
        found = {name: self._read(environment, name, live, one) for name, one in wanted.items()}
        for pause in PAUSES:
            doubtful = [one.name for one in ComparedEnvironment(key, tuple(found.values())).changed]
            if not doubtful:
                break
            self.sleep(pause)
            found |= {name: self._read(environment, name, live, wanted[name]) for name in doubtful}
        compared = ComparedEnvironment(key, tuple(found[name] for name in sorted(found)))
        if compared.changed and _moved_on(status, self.account.ledger.status(key)):
            return ComparedEnvironment(key, why_not="a deployment began meanwhile")
        return compared

    def _wanted(self, environment: Environment, status: EnvironmentStatus) -> dict[str, _Wanted]:
        find, failed = self.account.ledger.find, status.held_by if status.held else None
        names = {name for name, one in environment.components.items() if one.in_bundles and not one.takes_long}
        before = (find(failed.previous) if failed.previous else None) if failed else status.live
        restored = {name: one for name, one in (failed.restore_point or {}).items() if name in names} if failed else {}
        left = left_by(find, before, names - restored.keys())
        return {
            **{name: _Wanted(release.staged[name], release, failed) for name, release in left.items()},
            **{name: _Wanted(one, before, failed) for name, one in restored.items()},
        }

    def _read(self, environment: Environment, name: str, live: str, wanted: _Wanted) -> ComparedComponent:
        expected = wanted.revision
        known = ComparedComponent(name, "as_released", expected.id, wanted.version)
        try:
            component = self.account.world.components.get(environment, name, urgent=True)
            current = component.current()
            recovered = current.digest == expected.digest != "" and not component.has(expected)
        except (ConflictError, NotFoundError) as error:
            return _changed(known, environment, wanted, live, str(error))
        except AwsError as error:
            return replace(known, outcome="not_compared", reason=str(error))
        known = replace(known, found=current.id)
        if current.id == expected.id or recovered:
            return known
        return _changed(known, environment, wanted, live, f"is on {current.id or 'nothing'}")


def _why_not(status: EnvironmentStatus) -> str:
    if status.on_its_way:
        return "a deployment is on its way"
    if status.held and (status.held_by is None or status.held_by.phase is not Phase.ROLLBACK_FAILED):
        return "the environment is held"
    if status.held:
        return ""
    if status.live is None:
        return "nothing is live"
    if status.live.phase is Phase.ROLLBACK_FAILED:
        return f"a person accepted the environment as the failed rollback of {status.live.version} left it"
    return ""


def _moved_on(before: EnvironmentStatus, now: EnvironmentStatus) -> bool:
    """Whether a deployment has begun, or another release has become live, since the status was read."""
    live = before.live.deployment_id if before.live else ""
    return bool(now.on_its_way) or now.held != before.held or live != (now.live.deployment_id if now.live else "")


def _changed(
    known: ComparedComponent, environment: Environment, wanted: _Wanted, live: str, reason: str
) -> ComparedComponent:
    brought = known.found is not None and known.found == wanted.brought(known.name)
    outcome: Outcome = "not_restored" if brought else "changed"
    steps = _after_a_failed_rollback if wanted.failed else _while_it_is_live
    said = " ".join(steps(known, environment, wanted, live))
    return replace(known, outcome=outcome, reason=reason, next_step=said or RELEASE)


def _after_a_failed_rollback(
    known: ComparedComponent, environment: Environment, wanted: _Wanted, _: str
) -> Iterator[str]:
    """The component is put right, and then the rollback verifies everything and frees the environment."""
    target, failed = environment.components[known.name], wanted.failed
    assert failed  # noqa: S101 - the caller has seen to that
    by_hand = kind_of(target.kind).by_hand(target, known.expected) if known.expected else ""
    if by_hand:
        yield f"Put it right: `{by_hand}`."
    elif failed.export:
        yield f"Put it right: `selfright restore {failed.deployment_id} --component {known.name}`."
    yield f"Then `selfright rollback {failed.deployment_id}` verifies everything and frees the environment."


def _while_it_is_live(known: ComparedComponent, environment: Environment, wanted: _Wanted, live: str) -> Iterator[str]:
    target, release = environment.components[known.name], wanted.release
    assert release  # noqa: S101 - it is live
    by_hand = kind_of(target.kind).by_hand(target, known.expected)
    if by_hand:
        yield f"Put it right at once: `{by_hand}`."
    elif release.export:
        undone = f"`selfright restore {release.deployment_id} --component {known.name}`"
        yield f"{undone} brings back what was there before {known.version}."
    if release.deployment_id == live and not target.divides_visitors:  # Otherwise the hand change would be its stable.
        again = f"`selfright rollback --environment {environment.key} --to {known.version}`"
        yield f"{again} releases {known.version} again."
