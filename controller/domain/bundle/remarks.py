"""What people should know of a release before it is released, although nothing refuses it.

`selfright bundle` and `selfright plan` show the remarks, and the controller writes them into the ledger before
anything is touched.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from controller.domain.bundle.manifest import Manifest
from controller.domain.bundle.tasks import title
from controller.domain.components.contents import Contents
from controller.domain.environment import Environment
from controller.domain.strategy import ALL, steps_of
from controller.domain.version_order import is_older

NO_DATA = "INSUFFICIENT_DATA"
STAYS = "no rollback undoes it or runs it"
"""What is said of every task."""
MOST = 30
"""So many remarks are shown of one release; the others are counted."""


def remarks_on(manifest: Manifest, bundle: Contents) -> tuple[str, ...]:
    """The remarks on a release whose files fit its manifest, each a sentence; those on a component begin with its name.

    Raises `InvalidBundleError` when a file that describes others is missing or invalid.
    """
    of_components = (
        f"{name}: {said}" for name, one in sorted(manifest.components.items()) for said in one.remarks(bundle)
    )
    return bounded([*_tasks(manifest), *of_components, *_unchecked(manifest)])


def remarks_beside(
    manifest: Manifest, environment: Environment, live_version: str, served: Collection[str]
) -> Iterator[str]:
    """The remarks on a release beside what is live where it goes: on its version, what it leaves out, what is blind.

    `live_version` is "" when nothing is live; `served` are the components that releases have brought to visitors there.
    """
    if is_older(manifest.version, live_version):
        yield f"Version {manifest.version} is older than {live_version}, which is live."
    for name in sorted({*served} & environment.components.keys() - manifest.components.keys()):
        yield f"{name}: It is not in this bundle, so what is live of it stays."
    yield from _blind(manifest, environment)


def remarks_on_alarms(states: Mapping[str, str]) -> Iterator[str]:
    """The remarks on alarms that cannot guard a release, by their states."""
    if silent := sorted(name for name, state in states.items() if state == NO_DATA):
        if len(silent) == 1:
            yield f"Alarm {silent[0]} has no data: until there are some, it guards nothing."
        else:
            yield f"Alarms {', '.join(silent)} have no data: until there are some, they guard nothing."


def bounded(remarks: Iterable[str]) -> tuple[str, ...]:
    """The first remarks, and how many more there are."""
    known = tuple(remarks)
    return known if len(known) <= MOST else (*known[: MOST - 1], f"There are {len(known) - MOST + 1} more remarks.")


def _tasks(manifest: Manifest) -> Iterator[str]:
    for number, task in enumerate(manifest.tasks, 1):
        yield f"{title(number, task)} runs once, when the component is staged and before its checks; {STAYS}."


def _unchecked(manifest: Manifest) -> Iterator[str]:
    for name in _without_checks(manifest):
        one = manifest.components[name]
        if one.answers_requests:
            guards = "alarms and the comparison with stable" if one.is_compared else "alarms"
            yield f"{name}: No check looks at it, so {guards} alone guard it."


def _without_checks(manifest: Manifest) -> list[str]:
    checked = {check.component for check in manifest.verification.everything}
    return sorted(manifest.components.keys() - checked)


def _blind(manifest: Manifest, environment: Environment) -> Iterator[str]:
    """The components that have visitors, and at which nothing would look in this environment."""
    preference, limited = environment.deployment_preference, environment.judge.limits.any
    compares = any(step.weight < ALL and step.bake for step in steps_of(preference, environment.final_bake))
    for name in _without_checks(manifest) if not preference.alarms else ():
        target = environment.components.get(name)
        if target is None or not (manifest.components[name].answers_requests or target.measured_by_version):
            continue
        if not target.measured_by_version or not (compares or limited):
            yield f"{name}: Blind: no check, no alarm and no judge looks at it, so nothing would show that it is bad."
