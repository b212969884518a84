"""Exporting the restore point: nothing is touched before what is live is kept."""
# ruff: noqa: ANN401 - any field

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from controller.domain.restore_point import MANIFEST, RestorePoint
from controller.errors import AwsError, TransientError
from controller.flow.record_restore_point import record_restore_point
from tests.builders import a_bundle
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import STABLE, a_world, messages, on_its_way


def granted(**environment: Any) -> FakeWorld:
    """A deployment that has just been granted the lock."""
    world = a_world(**environment)
    deployment = on_its_way(world, Phase.QUEUED, restore_point=None, staged={}, steps=(), previous="d1")
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    return world


def manifest_of(point: RestorePoint) -> dict[str, Any]:
    """Its manifest as it is written."""
    return dict(json.loads(point.files()[f"{point.folder}{MANIFEST}"]))


def test_every_component_is_exported_before_anything_is_made() -> None:
    """The manifest has the digest of every part, the revisions, and the bundle that they came with."""
    world = granted()
    world.deployments.known["d1"] = on_previous(world)
    assert record_restore_point(world, "d2").outcome == "ready"
    point = world.restore_points.kept["d2"]
    files, manifest = point.files(), manifest_of(point)
    assert list(files)[-1].endswith(MANIFEST)
    assert {name: one["revision"] for name, one in manifest["components"].items()} == {"api": "6", "site": "aa"}
    for entry in manifest["components"].values():
        assert hashlib.sha256(files[entry["part"]]).hexdigest() == entry["sha256"]
        assert entry["upload"]["key"].endswith("d1.zip")
    assert manifest["configuration"]["application"] == "smartpack"
    assert world.deployments.get("d2").export == hashlib.sha256(list(files.values())[-1]).hexdigest()


def on_previous(world: FakeWorld) -> Any:
    """The deployment that made the stable revisions live."""
    return replace(world.deployments.get("d1"), staged=STABLE, previous="")


def test_the_same_is_written_by_whoever_runs_beside_us() -> None:
    """So the digest in the ledger is that of the manifest in the bucket, whichever call wrote last."""
    world = granted()
    record_restore_point(world, "d2")
    first = world.restore_points.kept["d2"].files()
    other = granted()
    other.clock.forward(3)
    record_restore_point(other, "d2")
    assert other.restore_points.kept["d2"].files() == first


def test_what_cannot_be_exported_rejects() -> None:
    """Unknown means stop; nothing was touched, and the next release gets the lock."""
    world = granted()
    world.exports.trouble = AwsError("lambda:GetFunction on f: denied")
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert "could not be exported: lambda:GetFunction on f: denied" in card.deployment.reason
    assert "restore_point_export" in card.deployment.next_step
    assert world.deployments.get("d2").restore_point is None


def test_an_environment_may_do_without_it() -> None:
    """It is tried, the failure is recorded, and the release continues."""
    world = granted(restore_point_export="attempted")
    world.exports.trouble = AwsError("denied")
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").export == ""
    assert "export_failed" in [event.kind for event in world.deployments.events["d2"]]


@pytest.mark.parametrize("trouble", [AwsError("denied"), TransientError("slow down")])
def test_a_hotfix_goes_on_without_it(trouble: Exception) -> None:
    """What is live is wrong: nothing may keep it live, and the timeline says what is missing."""
    world = granted()
    deployment = world.deployments.get("d2")
    world.deployments.known["d2"] = replace(deployment, upload=replace(deployment.upload, hotfix="Stops the errors."))
    world.exports.trouble = trouble
    assert record_restore_point(world, "d2").outcome == "ready"
    (said,) = messages(world, "export_failed")
    assert said.startswith(f"The restore point has no export: {trouble}. It is a hotfix, so it goes on")


def test_an_environment_may_not_want_it() -> None:
    """It is not even tried."""
    world = granted(restore_point_export="off")
    assert record_restore_point(world, "d2").outcome == "ready"
    assert not world.exports.asked


def test_a_passing_failure_is_tried_again() -> None:
    """The error reaches the task, which is retried."""
    world = granted()
    world.exports.trouble = TransientError("slow down")
    with pytest.raises(TransientError):
        record_restore_point(world, "d2")
    assert world.deployments.get("d2").phase is Phase.QUEUED
    world.exports.trouble = None
    assert record_restore_point(world, "d2").outcome == "ready"


def test_a_revision_of_an_older_release_is_found() -> None:
    """A release without the component lies between: the bundle is that of the one before it."""
    world = granted()
    site = replace(on_previous(world), staged={"site": STABLE["site"]}, previous="d0")
    world.deployments.known["d1"] = site
    older = replace(site, deployment_id="d0", staged={**STABLE, "site": Revision("old")}, previous="")
    world.deployments.known["d0"] = replace(older, upload=replace(older.upload, key="incoming/smartpack/prod/d0.zip"))
    record_restore_point(world, "d2")
    uploads = {name: part.upload for name, part in world.restore_points.kept["d2"].parts.items()}
    assert [uploads[name].key.rpartition("/")[2] for name in ("api", "site")] == ["d0.zip", "d1.zip"]  # type: ignore[union-attr]
