"""Rollbacks by a person: the emergency option, an earlier version, and recovery from a restore point."""

import json

import pytest

from controller.domain.phases import Phase
from tests.e2e.lab import NEVER, Lab
from tests.e2e.seen import KEY


def restore_point(lab: Lab, deployment: str) -> dict[str, dict[str, object]]:
    """The exported documents of a deployment's restore point, by the names of their keys."""
    bucket, root = lab.resources["bucket"], f"restore-points/{KEY}/{deployment}/"
    keys = [one["Key"] for one in lab.s3.list_objects_v2(Bucket=bucket, Prefix=root)["Contents"]]
    read = lambda key: json.load(lab.s3.get_object(Bucket=bucket, Key=key)["Body"])  # noqa: E731
    return {key.removeprefix(root).removesuffix(".json"): read(key) for key in keys}


def wreck(lab: Lab, version: str, revision: str) -> None:
    """Move the alias, delete the former version, empty the former site, and edit the routing function."""
    functions, name = lab.client("lambda"), lab.targets["function_name"]
    lab.move_alias(lab.publish_by_hand())
    functions.delete_function(FunctionName=name, Qualifier=version)
    bucket = lab.targets["bucket"]
    for one in lab.s3.list_objects_v2(Bucket=bucket, Prefix=f"revisions/{revision}/")["Contents"]:
        lab.s3.delete_object(Bucket=bucket, Key=one["Key"])
    cloudfront, routing = lab.client("cloudfront"), lab.targets["routing_function"]
    lab.edit_routing(lambda _: b"function handler(event) { return {statusCode: 410}; }")
    etag = cloudfront.describe_function(Name=routing, Stage="DEVELOPMENT")["ETag"]
    cloudfront.publish_function(Name=routing, IfMatch=etag)


def test_what_somebody_destroyed_is_recovered_from_the_restore_point(lab: Lab) -> None:
    """Alias, version, files and routing function: as they were before the release, for every visitor."""
    before = lab.version()
    release = lab.release(like="1.2.0")
    ended = lab.ended(release)
    assert ended.restore_point
    assert ended.export
    point = restore_point(lab, release)
    assert {"_manifest", "api", "site"} <= point.keys()
    wreck(lab, ended.restore_point["api"].id, ended.restore_point["site"].id)

    code, planned, said = lab.command("restore", release, "--dry-run")
    assert (code, planned["restored"]) == (0, None), said
    assert lab.live().site != {before}
    code, done, said = lab.command("restore", release)
    assert (code, done["restored"], done["trouble"]) == (0, True, []), said
    assert done["steps"] == planned["steps"]
    assert lab.live().is_only(before)
    assert lab.version() == before
    assert lab.kinds(release)[-1] == "recovery_verified"
    assert lab.lock().held == ""
    code, again, _ = lab.command("restore", release)
    assert (code, [one for one in again["steps"] if one["what"] == "do"]) == (0, [])
    assert lab.ended(lab.release()).phase is Phase.SUCCEEDED


def test_it_works_without_the_controller(lab: Lab) -> None:
    """Only the bucket and the person's own credentials are needed."""
    before = lab.version()
    release = lab.release(like="1.2.0")
    assert lab.ended(release).phase is Phase.SUCCEEDED
    code, done, said = lab.command("restore", release, "--bucket", lab.resources["bucket"])
    assert (code, done["restored"]) == (0, True), said
    assert lab.live().is_only(before)
    assert lab.command("restore", release)[0] == 0  # And now the ledger records it, too.
    assert lab.version() == before


def test_nothing_is_recovered_beside_a_deployment(lab: Lab) -> None:
    """Two at the same time would undo each other."""
    first = lab.lock().live
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    lab.reaches(release, Phase.BAKING)
    seen = lab.alias()
    code, document, _ = lab.command("restore", first)
    assert code == 1
    assert release in document["error"]["message"]
    assert lab.alias() == seen
    assert lab.command("rollback", release)[0] == 0


def test_an_emergency_rollback_restores_visitors_before_anything_else(lab: Lab) -> None:
    """In the middle of a release, and of a release that is live; both are verified by the rollback machine."""
    before = lab.version()
    lab.set_bakes([(50, NEVER)])
    release = lab.release(like="1.2.0")
    lab.reaches(release, Phase.BAKING)
    code, document, said = lab.command("rollback", release, "--emergency")
    assert (code, document["phase"]) == (0, "ROLLED_BACK"), said
    assert "All traffic is set back to stable." in said
    assert document["seconds_to_restore"] < NEVER / 10
    assert lab.live().is_only(before)

    lab.set_bakes()
    release = lab.release(like="1.2.0")
    assert lab.ended(release).phase is Phase.SUCCEEDED
    code, document, said = lab.command("rollback", "--environment", KEY, "--emergency")
    assert (code, document["phase"], document["deployment_id"]) == (0, "ROLLED_BACK", release), said
    assert "restoration_verified" in lab.kinds(release)
    assert lab.live().is_only(before)


@pytest.mark.timeout(900)
def test_an_earlier_version_can_be_restored_in_two_ways(lab: Lab) -> None:
    """Released again with all checks, or, in an emergency, one release after the other undone."""
    first = lab.version()
    second, third = lab.release(like="1.2.0"), ""
    lab.ended(second)
    third = lab.release()
    lab.ended(third)

    code, document, said = lab.command("rollback", "--environment", KEY, "--to", first)
    assert (code, document["version"], document["phase"]) == (0, first, "SUCCEEDED"), said
    assert lab.live().is_only(first)
    assert lab.ledger.get(third).phase is Phase.SUCCEEDED
    again = document["deployment_id"]
    assert lab.command("rollback", again)[0] == 0

    code, document, said = lab.command("rollback", "--environment", KEY, "--to", first, "--emergency")
    assert (code, document["deployment_id"], document["phase"]) == (0, second, "ROLLED_BACK"), said
    assert lab.ledger.get(third).phase is Phase.ROLLED_BACK
    assert lab.live().is_only(first)
