"""Which components were served before a release, according to the releases' records."""

from controller.domain.deployment import Deployment, Revision
from controller.domain.newcomers import served_until
from controller.domain.phases import Phase
from controller.errors import NotFoundError
from tests.unit.flow.scenes import a_deployment, a_world


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
