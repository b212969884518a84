"""Kinds are found by their names, and only the kinds that occur are imported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import controller
from controller.domain.components.registry import KINDS, kind_of
from controller.domain.environment import Environment

ROOT = Path(controller.__file__ or "").parents[1]
SETTINGS = {"kind": "parameters", "prefix": "/shop/prod/settings"}
REPORT = """
import sys
from controller.domain.environment import Environment
Environment.model_validate_json(sys.argv[1])
print(*(name for name in sys.modules if name.startswith("controller.domain.components.") and name.count(".") > 3))
"""


def document(**components: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An environment's document, with these components."""
    return {"application": "shop", "environment": "prod", "components": components}


def refusal(component: object) -> dict[str, Any]:
    """The only finding in an environment that has this component."""
    with pytest.raises(ValidationError) as caught:
        Environment.model_validate(document(x=component))
    (error,) = caught.value.errors(include_url=False)
    return dict(error)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_the_name_by_which_it_is_found(name: str) -> None:
    """Its classes have the same name, so a component can be read again after it was written."""
    kind = kind_of(name)
    models = [model for model in (kind.target, kind.artifact) if model]
    assert {kind.name, *(model.model_fields["kind"].annotation.__args__[0] for model in models)} == {name}  # type: ignore[union-attr]
    assert kind.target.in_bundles == bool(kind.artifact)


def test_only_the_kinds_that_occur_are_imported() -> None:
    """Code that reads bundles is not imported either, so a rollback need not wait for it."""
    command = [sys.executable, "-c", REPORT, json.dumps(document(settings=SETTINGS))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["controller.domain.components.parameters.target"]


def test_a_key_of_other_kinds_has_a_default_and_is_still_refused() -> None:
    """Every component has a URL and variables in the code; in the document such a key is a mistake."""
    settings = Environment.model_validate(document(settings=SETTINGS)).components["settings"]
    assert (settings.url, dict(settings.variables)) == (None, {})
    assert refusal({**SETTINGS, "url": "https://example.com"})["type"] == "extra_forbidden"


def test_a_finding_has_its_place() -> None:
    """It has the place of the component and of its key, as if the environment were one model."""
    assert refusal({"kind": "parameters"})["loc"] == ("components", "x", "prefix")
    assert refusal({"kind": "parametres"})["loc"] == ("components", "x")
    assert "'parameters'" in refusal({"kind": "parametres"})["msg"]
    assert refusal({"kind": ["parameters"]})["type"] == "union_tag_invalid"
    assert refusal({})["type"] == "union_tag_not_found"
    assert refusal("parameters")["type"] == "model_attributes_type"


def test_an_environment_is_written_as_it_was_read() -> None:
    """Each component has the keys of its own kind."""
    environment = Environment.model_validate(document(settings=SETTINGS))
    assert environment.model_dump(mode="json")["components"] == {"settings": SETTINGS}
    assert Environment.model_validate_json(environment.model_dump_json()) == environment
