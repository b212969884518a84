"""Bad uploads are rejected with a reason and a next step, and nothing changes."""

import io
import re
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from tests.e2e.lab import Lab
from tests.e2e.seen import KEY


class Bad(NamedTuple):
    """A bad upload and its expected messages."""

    body: bytes
    reason: str
    key: str = ""


def zip_of(entries: Mapping[str, bytes]) -> bytes:
    """A zip with these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def entries_of(bundle: bytes) -> dict[str, bytes]:
    """What is in a zip."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unknown_component(lab: Lab) -> bytes:
    """A valid bundle with a component that this environment does not have."""
    folder = lab.folder / "worker"
    (folder / "worker").mkdir(parents=True)
    (folder / "worker" / "app.py").write_text("def handler(event, context): ...\n")
    component = "components: {worker: {kind: function, artifact: worker}}"
    (folder / "release.yaml").write_text(f"application: smartpack\nversion: 9.9.9\n{component}\n")
    return make_bundle(folder, lab.folder / "worker.zip").read_bytes()


@pytest.fixture
def bad(lab: Lab) -> dict[str, Bad]:
    """Bad uploads by what is wrong with them."""
    good = lab.bundle(lab.new_version())
    entries = entries_of(good)
    forged = re.sub(rb"sha256:[0-9a-f]{64}", b"sha256:" + b"0" * 64, entries["release.yaml"])
    return {
        "not a zip": Bad(b"This is no zip. " * 100, "zip"),
        "empty": Bad(b"", "zip"),
        "truncated": Bad(good[:-200], "zip"),
        "zip slip": Bad(zip_of({**entries, "../../evil.sh": b"rm"}), "../../evil.sh"),
        "absolute path": Bad(zip_of({**entries, "/etc/passwd": b"root"}), "/etc/passwd"),
        "no manifest": Bad(zip_of({"readme.txt": b"hello"}), "release.yaml"),
        "wrong digest": Bad(zip_of({**entries, "release.yaml": forged}), "digest"),
        "unknown component": Bad(unknown_component(lab), "has no such component"),
        "unknown application": Bad(good, "nobody/prod", "incoming/nobody/prod/release.zip"),
        "unknown environment": Bad(good, "smartpack/moon", "incoming/smartpack/moon/release.zip"),
        "no environment": Bad(good, "names no environment", "incoming/release.zip"),
        "no name": Bad(good, "names no environment", f"incoming/{KEY}/release.tar"),
    }


def test_every_bad_upload_is_rejected_and_nothing_is_touched(lab: Lab, bad: dict[str, Bad]) -> None:
    """All of them at once: the ledger and the execution's output say why and what to do, and no component changed."""
    before, live = lab.traces(), lab.lock()
    with ThreadPoolExecutor(4) as pool:
        ids = dict(zip(bad, pool.map(lambda one: lab.upload(one.body, one.key), bad.values()), strict=True))
    for name, one in bad.items():
        ended = lab.ended(ids[name])
        assert (ended.phase, bool(ended.next_step), ended.restore_point) == (Phase.REJECTED, True, None), name
        assert one.reason in ended.reason, name
        execution = lab.until_execution_ended(ended.execution_arn)
        assert execution["status"] == "SUCCEEDED", name
        assert (execution["document"]["reason"], execution["document"]["next_step"]) == (ended.reason, ended.next_step)
    assert lab.traces() == before
    assert lab.lock() == live
    assert {one for one, phase in lab.notifications() if phase == "REJECTED"} >= set(ids.values())
    assert sorted(one for one, _ in lab.notifications() if one in ids.values()) == sorted(ids.values())


@pytest.mark.parametrize("command", ["status", "show"])
def test_a_person_reads_why_it_was_rejected(lab: Lab, command: str) -> None:
    """Both commands give the phase, the reason and the next step."""
    rejected = lab.ended(lab.upload(b"no zip"))
    code, document, _ = lab.command(command, rejected.deployment_id)
    assert (code, document["phase"]) == (0, "REJECTED")
    assert (document["reason"], document["next_step"]) == (rejected.reason, rejected.next_step)


def test_a_person_who_releases_it_reads_it_at_once(lab: Lab) -> None:
    """`selfright release` of a file that is no bundle ends with exit code 1 and the controller's own words."""
    file = lab.folder / "no.zip"
    file.write_bytes(b"no zip")
    code, document, _ = lab.command("release", str(file), "--environment", KEY)
    assert (code, document["phase"]) == (1, "REJECTED")
    assert document["next_step"]
