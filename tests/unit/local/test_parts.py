"""Assembly, uploads, ports and visitors without an emulator."""

import json
import random
from pathlib import Path

import pytest

from selfright.local import assembly, installation
from selfright.local.errors import DeployError
from selfright.local.place import free_port, is_free
from selfright.local.uploads import zipped
from selfright.local.visitors import VisitorLoad, crowd, from_list


def write_assembly(folder: Path, artifacts: dict[str, object], assets: dict[str, object]) -> None:
    """A cloud assembly on disk."""
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    (folder / "a.assets.json").write_text(json.dumps(assets))


def stack(name: str, *needs: str) -> dict[str, object]:
    """A stack of a manifest."""
    properties = {"templateFile": f"{name}.json", "parameters": {"P": "1"}}
    return {"type": "aws:cloudformation:stack", "displayName": name, "properties": properties, "dependencies": needs}


def test_stacks_come_after_what_they_need(tmp_path: Path) -> None:
    """The order is that of the dependencies, not that of the file."""
    write_assembly(tmp_path, {"late": stack("late", "early"), "early": stack("early")}, {})
    stacks = assembly.read(tmp_path, "1", "r").stacks
    assert [one.name for one in stacks] == ["early", "late"]
    assert stacks[0].parameters == {"P": "1"}


def test_places_in_assets_are_filled_in(tmp_path: Path) -> None:
    """Account and region become those of the deployment."""
    where = {"x": {"bucketName": "b-${AWS::AccountId}-${AWS::Region}", "objectKey": "k.zip"}}
    files = {"h": {"source": {"path": "code", "packaging": "zip"}, "destinations": where}}
    manifest = {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}}
    write_assembly(tmp_path, {"a": manifest}, {"files": files})
    assert assembly.read(tmp_path, "1", "r").assets == (assembly.Asset(tmp_path / "code", "zip", "b-1-r", "k.zip"),)


def test_container_images_are_refused(tmp_path: Path) -> None:
    """An assembly with images says that it cannot be deployed here."""
    manifest = {"type": "cdk:asset-manifest", "properties": {"file": "a.assets.json"}}
    write_assembly(tmp_path, {"a": manifest}, {"dockerImages": {"x": {}}})
    with pytest.raises(DeployError, match="container image"):
        assembly.read(tmp_path, "1", "r")


def test_a_folder_without_assembly_says_what_to_do(tmp_path: Path) -> None:
    """A forgotten synth is named."""
    with pytest.raises(DeployError, match="Synthesize"):
        assembly.read(tmp_path, "1", "r")


def test_equal_folders_give_equal_zips(tmp_path: Path) -> None:
    """Neither time nor order of writing shows in a zip."""
    for name, order in (("one", "ab"), ("two", "ba")):
        (tmp_path / name).mkdir()
        for letter in order:
            (tmp_path / name / letter).write_text(letter)
    assert zipped(tmp_path / "one") == zipped(tmp_path / "two")


def test_a_free_port_is_free() -> None:
    """A port that was found can be listened on."""
    assert is_free(free_port())


def test_the_same_seed_gives_the_same_visitors() -> None:
    """Visitors differ among each other and not between runs."""
    trips = from_list([{"days": days} for days in range(1, 20)])
    visitors = crowd(VisitorLoad(visitors=500, seed=7), trips)
    assert visitors == crowd(VisitorLoad(visitors=500, seed=7), trips)
    assert visitors != crowd(VisitorLoad(visitors=500, seed=8), trips)
    assert len({visitor.address for visitor in visitors}) == 500
    assert len({visitor.agent for visitor in visitors}) == 500


def test_trips_of_a_list_come_from_it() -> None:
    """A list of bodies is enough."""
    assert from_list(["only"])(random.Random(1)) == "only"


def test_the_edge_on_loopback_may_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local environment allows it by a setting that an environment on AWS could have too."""
    contexts: list[dict[str, object]] = []
    monkeypatch.setattr(installation.lambda_package, "build", lambda *_: tmp_path)
    monkeypatch.setattr(installation, "synthesize", lambda context: contexts.append(context) or tmp_path)
    installation._assembly("http://127.0.0.1:8780", installation.LocalPreference())
    assert contexts[0]["allow_private_urls"] is True
