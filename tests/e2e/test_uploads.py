"""Uploads come many at once, twice, and without changes."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from controller.domain.deployment import Deployment
from controller.domain.lock import order_of
from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY

CROWD = 10


def order(one: Deployment) -> str:
    """Which of two uploads is newer."""
    return order_of(one.upload.uploaded_at, one.version)


def test_of_ten_uploads_at_once_the_newest_ends_live(lab: Lab) -> None:
    """The others were live before it or were superseded; never two at once, and each end is notified once."""
    bundles = [lab.bundle(lab.new_version()) for _ in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as pool:
        ids = list(pool.map(lab.upload, bundles))
    crowd = sorted((lab.ended(one) for one in ids), key=order)
    assert {one.phase for one in crowd[:-1]} <= {Phase.SUCCEEDED, Phase.SUPERSEDED}
    assert crowd[-1].phase is Phase.SUCCEEDED
    assert lab.lock().live == crowd[-1].deployment_id
    assert lab.live().is_only(crowd[-1].version)

    went = sorted((one for one in crowd if one.phase is Phase.SUCCEEDED), key=lambda one: one.fencing_token or 0)
    assert [order(one) for one in went] == sorted(order(one) for one in went)
    for earlier, later in pairwise(went):
        assert earlier.closed_at
        assert earlier.closed_at <= lab.moment(later.deployment_id, "granted")
    assert sorted(one for one, _ in lab.notifications() if one in ids) == sorted(ids)
    assert {lab.execution(one.execution_arn)["status"] for one in crowd} == {"SUCCEEDED"}


def test_uploads_during_a_bake_wait_and_only_the_newest_is_released(lab: Lab) -> None:
    """The release that holds the lock is never disturbed; of those that wait, the newest goes next."""
    lab.set_bakes([(50, NEVER)])
    first = lab.release()
    lab.reaches(first, Phase.BAKING)
    second = lab.release()
    lab.until_kind(second, "queued")
    third = lab.release()
    assert lab.ended(second).phase is Phase.SUPERSEDED
    assert lab.reaches(third, Phase.QUEUED)
    assert lab.ledger.get(first).phase is Phase.BAKING
    lab.set_bakes()
    assert lab.command("rollback", first)[0] == 0
    assert lab.ended(third).phase is Phase.SUCCEEDED


def test_the_same_event_again_does_nothing(lab: Lab) -> None:
    """During the release and after it, a second execution of the same event finds that there is nothing to do."""
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    first = lab.reaches(release, Phase.BAKING).execution_arn
    event = str(lab.execution(first)["input"])
    assert lab.last_state(lab.deploy(event)) == "Nothing to do"
    assert lab.ledger.get(release).execution_arn == first
    assert lab.command("rollback", release)[0] == 0
    assert lab.last_state(lab.deploy(event)) == "Nothing to do"
    assert lab.ledger.get(release).phase is Phase.ROLLED_BACK


def test_the_same_event_many_times_at_once_is_one_release(lab: Lab) -> None:
    """However often and however closely it is delivered, exactly one execution works on it."""
    before = len(lab.ledger.history(KEY, 100))
    version, key = lab.new_version(), lab.new_key()
    with lab.disabled("Upload"):
        release = lab.upload(lab.bundle(version), key)
        lab.upload(b"Uploaded later, to the same key.", key)
    event = lab.event(key, lab.versions_of(key)[-1])
    with ThreadPoolExecutor(4) as pool:
        ends = sorted(pool.map(lab.last_state, [lab.deploy(event) for _ in range(4)]))
    assert ends == ["Complete", "Nothing to do", "Nothing to do", "Nothing to do"]
    assert lab.ended(release).phase is Phase.SUCCEEDED
    assert lab.live().is_only(version)
    assert len(lab.ledger.history(KEY, 100)) == before + 1


def test_an_unchanged_release_touches_nothing(lab: Lab) -> None:
    """The same contents succeed at once: no revision, no shift, no object is written. A rollback goes below it."""
    version, renamed = lab.new_version(), lab.new_version()
    source = lab.source(version)
    first = lab.ended(lab.upload(make_bundle(source, lab.folder / "first.zip", builder=None).read_bytes()))
    before = lab.traces()
    same = make_bundle(source, lab.folder / "again.zip", version=renamed, builder=None)
    again = lab.ended(lab.upload(same.read_bytes()))
    assert (again.phase, again.version, again.changed) == (Phase.SUCCEEDED, renamed, ())
    assert again.reason == "Nothing changed: the same was live already."
    assert {name: (one.id, one.digest) for name, one in again.staged.items()} == {
        name: (one.id, one.digest) for name, one in first.staged.items()
    }
    assert lab.traces() == before
    code, document, _ = lab.command("rollback", again.deployment_id)
    assert (code, document["deployment_id"], document["phase"]) == (0, first.deployment_id, "ROLLED_BACK")
    assert lab.ended(lab.release()).phase is Phase.SUCCEEDED
