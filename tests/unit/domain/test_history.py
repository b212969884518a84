"""What the releases before a release say: which components were served, and which of them brought what is live."""

from controller.domain.deployment import Deployment, Revision
from controller.domain.history import last_change, served_until
from controller.domain.phases import Phase
from controller.errors import NotFoundError
from tests.unit.flow.scenes import CANARY, STABLE, a_deployment, a_world


def find(deployment_id: str) -> Deployment:
    """Two releases of one component each, without a record of what was served before them."""
    world = a_world()
    if deployment_id == "d0":
        return a_deployment(world, Phase.SUCCEEDED, "d0", staged={"site": Revision("s1")}, previous="")
    if deployment_id == "d1":
        return a_deployment(world, Phase.SUCCEEDED, "d1", staged={"api": Revision("6")}, previous="d0")
    raise NotFoundError(deployment_id)


def test_releases_without_a_record_of_earlier_ones_are_read() -> None:
    """They are read back to the first one, which has no previous release."""
    assert served_until(find, "d1") == ("api", "site")
    assert served_until(find, "") == ()


def test_nothing_is_known_when_an_earlier_release_is_gone() -> None:
    """The answer is None, and not that nothing was served."""
    assert served_until(find, "gone") is None


def release(deployment_id: str, previous: str, *, changed: bool = True, phase: Phase = Phase.SUCCEEDED) -> Deployment:
    """A release of the API, which was live after `previous`."""
    staged: dict[str, Revision] = {"api": CANARY["api"] if changed else STABLE["api"]}
    fields = {"staged": staged, "restore_point": {"api": STABLE["api"]}, "previous": previous}
    return a_deployment(a_world(), phase, deployment_id, **fields)


D1 = release("d1", "")
D2 = release("d2", "d1")
D3 = release("d3", "d2", changed=False)
D4 = release("d4", "d3", changed=False)
KNOWN = {one.deployment_id: one for one in (D1, D2, D3, D4)}


def test_a_release_that_changed_something_is_the_answer() -> None:
    """Nothing before it is looked at."""
    assert last_change(KNOWN.get, D2) == D2


def test_releases_that_changed_nothing_are_passed_over() -> None:
    """As many as there are."""
    assert last_change(KNOWN.get, D4) == D2


def test_it_looks_no_further_than_the_releases_that_are_known() -> None:
    """The first release has none before it, and a ledger from a backup may lack one."""
    first = release("d0", "", changed=False)
    assert last_change(KNOWN.get, first) == first
    assert last_change({"d3": D3}.get, D4) == D3


def test_a_failed_rollback_that_was_accepted_is_not_passed_over() -> None:
    """What visitors get is of its release in part, whatever it had staged."""
    accepted = release("d5", "d2", changed=False, phase=Phase.ROLLBACK_FAILED)
    assert last_change(KNOWN.get, accepted) == accepted
