import hashlib
from dataclasses import replace

import pytest

from controller.aws.components.site.component import SiteComponent
from controller.domain.components.site.hashes import Sharing
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Revision
from controller.errors import ChangedByOthersError, TrippedError
from controller.ports.components import Arrival
from tests.fences import BACK, FORWARD, forward
from tests.unit.aws.conftest import ROUTING, SITE, World

A, B = "a" * 16, "b" * 16
STABLE, CANARY = Revision(A), Revision(B)
FOLDERS = {A: Sharing(("assets/",)), B: Sharing(("assets/",))}
ON_A = RoutingTable(A, hashed=FOLDERS)
SEALED = replace(ON_A, seal="4 back")


@pytest.fixture
def on_a(world: World) -> World:
    """The site is on revision A."""
    for stage in ("DEVELOPMENT", "LIVE"):
        world.routing.edit(stage, render(ON_A))
    return world


def test_a_shift_takes_four_calls(on_a: World) -> None:
    """Both stages are read, one is written, and it is published."""
    on_a.site().shift(STABLE, CANARY, 10, FORWARD)
    assert on_a.routing.calls == ["get_function", "get_function", "update_function", "publish_function"]
    assert not on_a.s3_calls


def test_the_shared_folders_of_a_new_revision_come_from_its_index(on_a: World) -> None:
    """The routing function must know them before the first visitor arrives."""
    on_a.s3.put_object(Bucket=SITE, Key=f"revisions/{'d' * 16}/.index.json", Metadata={"hashed": '["static/"]'})
    on_a.site().shift(STABLE, Revision("d" * 16), 10, FORWARD)
    assert on_a.routing.table.hashed == {A: Sharing(("assets/",)), "d" * 16: Sharing(("static/",))}


def test_a_restore_needs_no_bucket(on_a: World) -> None:
    """Even after the last step the table has everything, so a rollback depends on CloudFront alone."""
    on_a.site().shift(STABLE, CANARY, 100, FORWARD)
    on_a.site().restore(STABLE, CANARY, BACK)
    assert on_a.routing.table == SEALED
    assert not on_a.s3_calls


def test_a_rollback_of_the_first_release_restores_no_revision(world: World) -> None:
    """There was no revision before, and visitors again get a page that says so."""
    world.routing.edit("DEVELOPMENT", render(RoutingTable("", B, 10, hashed=FOLDERS)))
    world.routing.edit("LIVE", render(RoutingTable("", B, 10, hashed=FOLDERS)))
    world.site().restore(Revision(""), CANARY, BACK)
    assert world.routing.table.stable == ""
    assert world.site().current() == Revision("")


def test_a_release_does_not_begin_on_a_split_site(on_a: World) -> None:
    """Traffic may be in the middle of somebody's shift."""
    on_a.site().shift(STABLE, CANARY, 10, FORWARD)
    with pytest.raises(ChangedByOthersError, match="10 % of the visitors"):
        on_a.site().current()


@pytest.mark.parametrize("stage", ["LIVE", "DEVELOPMENT"])
def test_edited_code_is_never_overwritten(on_a: World, stage: str) -> None:
    """This holds for code that a person published, and for code that is not published yet."""
    on_a.site().shift(STABLE, CANARY, 10, FORWARD)
    on_a.routing.edit(stage, b"function handler(event) { return event.request; }")
    before = dict(on_a.routing.code)
    for move in (
        lambda: on_a.site().restore(STABLE, CANARY, BACK),
        lambda: on_a.site().shift(STABLE, CANARY, 50, FORWARD),
    ):
        with pytest.raises(ChangedByOthersError, match="somebody"):
            move()
    assert on_a.routing.code == before


def test_edited_live_code_is_reported(on_a: World) -> None:
    """A release does not begin on a function that is not as it was published."""
    on_a.routing.edit("LIVE", b"// mine")
    with pytest.raises(ChangedByOthersError, match="Restore it by hand"):
        on_a.site().current()


def test_an_unpublished_edit_is_as_good_as_a_seal(on_a: World) -> None:
    """Visitors get the right revision, and the edit has changed the ETag: nothing of the release can arrive."""
    on_a.routing.edit("DEVELOPMENT", b"// a draft")
    on_a.site().restore(STABLE, CANARY, BACK)
    assert on_a.routing.mutations == []


def test_an_unpublished_edit_does_no_harm_when_all_is_sealed(on_a: World) -> None:
    """Nothing of the release can arrive any more, and visitors get the right revision."""
    on_a.site().restore(STABLE, CANARY, BACK)
    on_a.routing.calls.clear()
    on_a.routing.edit("DEVELOPMENT", b"// a draft")
    on_a.site().restore(STABLE, CANARY, BACK)
    assert on_a.routing.mutations == []


def test_a_seal_that_was_not_published_is_written_again(on_a: World) -> None:
    """The restoration died between update and publication."""
    on_a.routing.edit("DEVELOPMENT", render(SEALED))
    on_a.site().restore(STABLE, CANARY, BACK)
    assert on_a.routing.table == SEALED


def test_an_unfinished_shift_is_overwritten(on_a: World) -> None:
    """A shift that was interrupted before its publication must not be published by the next writer."""
    on_a.routing.edit("DEVELOPMENT", render(ON_A.pointed_at(A, B, 10)))
    on_a.site().restore(STABLE, CANARY, BACK)
    assert on_a.routing.code["DEVELOPMENT"] == on_a.routing.code["LIVE"] == render(SEALED)


def test_a_rollback_between_update_and_publication_wins(on_a: World) -> None:
    """The restore finds an unpublished table and replaces it, so the shift's ETag is no longer valid."""
    permits = iter([None, TrippedError("The alarm fired.")])

    def permit() -> None:
        if error := next(permits):
            raise error

    on_a.routing.before["publish_function"] = lambda: on_a.site().restore(STABLE, CANARY, BACK)
    with pytest.raises(TrippedError):
        on_a.site().shift(STABLE, CANARY, 10, forward(permit))
    assert on_a.routing.table == SEALED
    assert on_a.routing.code["DEVELOPMENT"] == render(SEALED)


def test_code_of_an_older_template_is_ours(on_a: World) -> None:
    """After an upgrade of the controller, CloudFront still has the code of the older one."""
    rest = render(ON_A).partition(b"\n")[2].replace(b"// 0..9999", b"// an older comment")
    older = f"// selfright-routing {hashlib.sha256(rest).hexdigest()}\n".encode() + rest
    for stage in ("DEVELOPMENT", "LIVE"):
        on_a.routing.edit(stage, older)
    on_a.site().shift(STABLE, CANARY, 10, FORWARD)
    assert on_a.routing.table.weight == 10


def test_a_publication_has_arrived_when_it_is_read_and_deployed(on_a: World) -> None:
    """And what edge locations must answer then is the publication that is live."""
    target = SiteTarget(kind="site", bucket=SITE, routing_function=ROUTING, distribution_id="E123")
    site = SiteComponent(target, "site", on_a.clients)
    assert "is read as revision" in site.arrival(STABLE, CANARY, 10, []).missing
    site.shift(STABLE, CANARY, 10, FORWARD)
    on_a.routing.status = "InProgress"
    assert "E123 is InProgress" in site.arrival(STABLE, CANARY, 10, []).missing
    on_a.routing.status = "Deployed"
    assert site.arrival(STABLE, CANARY, 10, []) == Arrival("", on_a.routing.table.publication)


def test_every_publication_has_a_name_of_its_own(on_a: World) -> None:
    """Also the restoration that moves nobody, and the same step of another deployment."""
    names = {on_a.routing.table.publication}
    for act in (
        lambda: on_a.site().shift(STABLE, CANARY, 10, FORWARD),
        lambda: on_a.site().restore(STABLE, CANARY, BACK),
        lambda: on_a.site().shift(STABLE, CANARY, 10, forward(token=5)),
    ):
        act()
        names.add(on_a.routing.table.publication)
    assert len(names) == 4
