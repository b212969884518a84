"""Components that somebody has changed by hand since the releases that brought them. It only reads."""

from collections.abc import Collection, Iterator
from functools import partial

from controller.domain.deployment import Deployment, Revision
from controller.domain.environment import Environment
from controller.domain.history import left_by
from controller.errors import ChangedByOthersError, NotFoundError, SelfrightError
from controller.flow.shared.hand_over import find
from controller.ports.world import World
from controller.seen_again import seen_again


def changed_by_hand(
    world: World, environment: Environment, live: Deployment | None, but: Collection[str] = ()
) -> Iterator[str]:
    """The components that are not as the `live` release and those below it left them, each in a few words.

    Left out are those in `but`, those that take long, and those that cannot be read now: this is only said, and stops
    neither a release nor a rollback.
    """
    names = {
        name
        for name, target in environment.components.items()
        if target.in_bundles and not target.takes_long and name not in but
    }
    try:
        left = left_by(partial(find, world), live, names)
    except (SelfrightError, ValueError):  # The ledger may be older than this controller.
        return
    for name, release in sorted(left.items()):
        if found := _found(world, environment, name, release.staged[name]):
            yield f"{name} {found}, and {release.version} left it on {release.staged[name].id}: it was changed by hand"


def _found(world: World, environment: Environment, name: str, left: Revision) -> str:
    """What the component is on, if that is something else; a revision that was recovered has the same contents."""
    try:
        component = world.components.get(environment, name)
        found = seen_again(component.current, lambda seen: seen.id == left.id or seen.digest == left.digest != "")
    except (ChangedByOthersError, NotFoundError) as error:
        return f"is on nothing that a release left ({error})"
    except SelfrightError:
        return ""
    return "" if found.id == left.id or found.digest == left.digest != "" else f"is on {found.id or 'nothing'}"
