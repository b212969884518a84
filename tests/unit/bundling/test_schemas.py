"""The JSON Schemas by which editors complete and check `release.yaml` and `settings.yaml`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from app_artifacts.smartpack import build
from controller.domain.checks.check import Check
from controller.domain.checks.load_check import LoadCheck
from controller.domain.components.registry import names_of
from controller.domain.reading.strict_yaml import read_flat_yaml, read_yaml
from controller.domain.reading.written import meaning
from selfright import editors
from selfright.bundling.build_spec import Build
from selfright.bundling.schemas import SCHEMAS, descriptions, release_schema, settings_schema, write

ROOT = Path(__file__).parents[3]
DOCS, SMARTPACK = ROOT / "docs", Path(build.__file__).parent
RELEASE = """\
application: shop
version: 1.10
components:
  api: {kind: function, artifact: api, handler: app.handler, memory: 512, timeout: 30s, variables: {BUILD: 1.10}}
verification:
  checks:
    - {component: api, path: /, json: {country: NO}}
    - {component: api, path: /, body: {a: 1}, headers: {X-Zip: 0123}, max_latency_ms: 800}
"""


def mistakes(text: str) -> list[str]:
    """What an editor marks in a `release.yaml`: the places, deepest first."""
    document = meaning(read_yaml(text.encode()))
    found = Draft7Validator(release_schema()).iter_errors(document)
    return sorted({".".join(map(str, error.absolute_path)) for error in found})


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schemas_are_those_of_the_models(name: str, tmp_path: Path) -> None:
    """After a change: `python -m selfright.editors docs/schemas`."""
    assert [file.name for file in write(tmp_path)] == list(SCHEMAS)
    assert (DOCS / "schemas" / name).read_text() == (tmp_path / name).read_text()
    Draft7Validator.check_schema(SCHEMAS[name]())


def test_what_selfright_accepts_has_no_marks() -> None:
    """Also texts that look like numbers, and what SmartPack releases."""
    assert mistakes(RELEASE) == []
    assert mistakes((SMARTPACK / "release.yaml").read_text().replace("%VERSION%", "1.0.0")) == []


@pytest.mark.parametrize(
    "block", re.findall(r"^```yaml\n(components:.*?)^```", (DOCS / "bundle.md").read_text(), re.MULTILINE | re.DOTALL)
)
def test_the_examples_of_the_docs_have_no_marks(block: str) -> None:
    """They are copied into files with a schema."""
    assert mistakes(f"application: shop\nversion: 1.0.0\n{block}") == []


MISTAKES = {
    "memory: 512": "memory: 64",
    "timeout: 30s": "timeout: 30",
    "handler: app.handler": "handlr: app.handler",
    "kind: function": "kind: functon",
    "variables: {BUILD: 1.10}": "variables: {BUILD: [1]}",
}


@pytest.mark.parametrize(("right", "wrong"), MISTAKES.items(), ids=MISTAKES.values())
def test_a_mistake_is_marked(right: str, wrong: str) -> None:
    """While it is written, and not when the bundle is made."""
    assert any(place.startswith("components.api") for place in mistakes(RELEASE.replace(right, wrong)))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("memory: 512", "memory: 64", "components.api.memory: 64 is less than the minimum of 128"),
        ("kind: function", "kind: functon", "components.api.kind: 'functon' is not one of ['function', 'image',"),
        ("kind: function, ", "", "components.api: 'kind' is a required property"),
        ("path: /, json", "pth: /, json", "verification.checks.0: 'path' is a required property"),
    ],
)
def test_a_mistake_is_named_by_its_own_kind(right: str, wrong: str, said: str) -> None:
    """Not as one of what all kinds miss."""
    document = meaning(read_yaml(RELEASE.replace(right, wrong).encode()))
    found = list(Draft7Validator(release_schema()).iter_errors(document))
    marks = [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in found]
    assert any(mark.startswith(said) for mark in marks)
    assert not any("any of the given schemas" in mark for mark in marks)


def test_every_kind_of_component_is_known() -> None:
    """A new kind needs nothing but its folder."""
    known = {
        model["properties"]["kind"]["const"] for model in release_schema()["$defs"].values() if _is_component(model)
    }
    assert known == set(names_of(lambda kind: kind.artifact_class))


def _says_nothing(description: str) -> bool:
    return not description or description.startswith(("Must be ", "A duration "))


def test_a_description_stands_below_its_field() -> None:
    """A model says it once, also for those that are made from it; a key may have another name than its field."""
    said = descriptions(LoadCheck)
    assert said["path"] == descriptions(Check)["path"] == "The path, and a query if there is one: `/items/42?full=1`."
    assert descriptions(Build)["in"].startswith("The folder in which it runs")
    assert said["kind"] != descriptions(Check)["kind"]


def _is_component(model: dict[str, Any]) -> bool:
    return "artifact" in model.get("properties", {})


def test_every_key_says_what_it_is() -> None:
    """An editor shows it: what it means, and not only which form it must have."""
    release, settings = release_schema(), settings_schema()
    models = {"": release, **release["$defs"]}
    keys = {f"{name}.{key}": member for name, model in models.items() for key, member in model["properties"].items()}
    assert len(keys) > 90
    assert [key for key, one in keys.items() if _says_nothing(one.get("description", ""))] == []
    assert not _says_nothing(settings["additionalProperties"]["description"])


@pytest.mark.parametrize("file", sorted(SMARTPACK.rglob("settings.yaml")), ids=lambda file: file.parent.name)
def test_smartpacks_settings_have_no_marks(file: Path) -> None:
    """Numbers without quotes are texts."""
    document = json.loads(json.dumps(read_flat_yaml(file.read_bytes(), "settings.yaml")))
    assert list(Draft7Validator(settings_schema()).iter_errors(document)) == []


def test_a_program_writes_them_for_editors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside a release, also without a clone; without a folder it says what is missing."""
    editors.main([str(tmp_path / "made")])
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "made" / name) for name in SCHEMAS]
    with pytest.raises(SystemExit, match="Name the folder"):
        editors.main([])


@pytest.mark.parametrize("settings", [{"a/b": "x"}, {"A": ["x"]}, {"A": ""}, {"A": "{{x}}"}, {}])
def test_settings_that_are_refused_are_marked(settings: dict[str, Any]) -> None:
    """By the same limits."""
    assert list(Draft7Validator(settings_schema()).iter_errors(settings))
