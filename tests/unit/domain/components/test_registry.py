"""Kinds are found by their names, and only those that are there."""

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
    """An environment's, with these components."""
    return {"application": "shop", "environment": "prod", "components": components}


def refusal(component: object) -> dict[str, Any]:
    """The one thing that is wrong with an environment that has this component."""
    with pytest.raises(ValidationError) as caught:
        Environment.model_validate(document(x=component))
    (error,) = caught.value.errors(include_url=False)
    return dict(error)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_the_name_by_which_it_is_found(name: str) -> None:
    """Its classes say the same, so what is read is found again when it is written."""
    kind = kind_of(name)
    models = [model for model in (kind.target, kind.artifact) if model]
    assert {kind.name, *(model.model_fields["kind"].annotation.__args__[0] for model in models)} == {name}  # type: ignore[union-attr]
    assert kind.target.in_bundles == bool(kind.artifact)


def test_only_the_kinds_that_are_there_are_imported() -> None:
    """And of these nothing that reads bundles: an alarm is acted on without waiting for it."""
    command = [sys.executable, "-c", REPORT, json.dumps(document(settings=SETTINGS))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["controller.domain.components.parameters.target"]


def test_what_a_kind_has_not_is_answered_and_still_refused() -> None:
    """Whoever asks any component for its URL or variables gets an answer; writing one is a mistake."""
    settings = Environment.model_validate(document(settings=SETTINGS)).components["settings"]
    assert (settings.url, dict(settings.variables)) == (None, {})
    assert refusal({**SETTINGS, "url": "https://example.com"})["type"] == "extra_forbidden"


def test_what_is_wrong_is_told_where_it_is() -> None:
    """With the place of the component and of its key, as if the environment were one model."""
    assert refusal({"kind": "parameters"})["loc"] == ("components", "x", "prefix")
    assert refusal({"kind": "parametres"})["loc"] == ("components", "x")
    assert "'parameters'" in refusal({"kind": "parametres"})["msg"]
    assert refusal({"kind": ["parameters"]})["type"] == "union_tag_invalid"
    assert refusal({})["type"] == "union_tag_not_found"
    assert refusal("parameters")["type"] == "model_attributes_type"


def test_an_environment_is_written_as_it_was_read() -> None:
    """With the keys of each component's own kind."""
    environment = Environment.model_validate(document(settings=SETTINGS))
    assert environment.model_dump(mode="json")["components"] == {"settings": SETTINGS}
    assert Environment.model_validate_json(environment.model_dump_json()) == environment
