"""What was served before a release, by what each release has noted."""

from controller.domain.deployment import Deployment, Revision
from controller.domain.newcomers import served_until
from controller.domain.phases import Phase
from controller.errors import NotFoundError
from tests.unit.flow.scenes import a_deployment, a_world


def find(deployment_id: str) -> Deployment:
    """Two releases of one component each, of which none noted what was served before it."""
    world = a_world()
    if deployment_id == "d0":
        return a_deployment(world, Phase.SUCCEEDED, "d0", staged={"site": Revision("s1")}, previous="")
    if deployment_id == "d1":
        return a_deployment(world, Phase.SUCCEEDED, "d1", staged={"api": Revision("6")}, previous="d0")
    raise NotFoundError(deployment_id)


def test_releases_that_did_not_note_what_was_served_are_read() -> None:
    """Back to the first one, which says it by having none before it."""
    assert served_until(find, "d1") == ("api", "site")
    assert served_until(find, "") == ()


def test_nothing_is_known_when_an_ancestor_is_gone() -> None:
    """None, and not that nothing was served."""
    assert served_until(find, "gone") is None
