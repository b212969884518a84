"""JSON Schemas of `release.yaml` and `settings.yaml`, made from the models: editors complete and check by them.

    python -m selfright.bundling.schemas FOLDER

writes both into the folder. A schema knows the form of a file; what depends on several keys is checked by
`selfright bundle` alone.
"""

import json
import sys
from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from controller.domain.bundle.manifest import Manifest, Name
from controller.domain.components.parameters.values import MOST, NAME, VALUE_BYTES
from controller.domain.components.registry import kind_of, names_of
from selfright.bundling.build_spec import Build

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest one that all editors know."""
TEXT = ["string", "number", "boolean"]
"""A text without quotes may look like one of these to an editor."""
_BOUNDS = {"ge": "minimum", "le": "maximum"}


def release_schema() -> dict[str, Any]:
    """The schema of `release.yaml` as people write it, with `build`."""
    kinds = [_source_model(name) for name in names_of(lambda kind: kind.artifact_class)]
    component: Any = Annotated[reduce(or_, kinds), Field(discriminator="kind")]
    source = create_model(
        "Release",
        __base__=Manifest,
        components=(Annotated[dict[Name, component], Field(min_length=1, max_length=50)], ...),
    )
    schema: dict[str, Any] = _lenient(source.model_json_schema())
    about = "A release of Selfright: one version of an application, its components, and how it is verified."
    return {"$schema": DIALECT, **schema, "title": "release.yaml", "description": about}


def settings_schema() -> dict[str, Any]:
    """The schema of a file of parameters."""
    return {
        "$schema": DIALECT,
        "title": "settings.yaml",
        "description": "Settings that belong to a release: names and values, which are text as they are written.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": MOST,
        "propertyNames": {"pattern": f"^(?:{NAME})$"},
        "additionalProperties": {
            "type": [*TEXT, "null"],  # `Null` is a text here
            "minLength": 1,
            "maxLength": VALUE_BYTES,
            "not": {"type": "string", "pattern": r"\{\{"},
        },
    }


SCHEMAS = {"release.schema.json": release_schema, "settings.schema.json": settings_schema}


def write(folder: Path) -> list[Path]:
    """Write the schemas into a folder; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in SCHEMAS.items():
        (folder / name).write_text(json.dumps(made(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return [folder / name for name in SCHEMAS]


def _source_model(kind: str) -> type[BaseModel]:
    artifact = kind_of(kind).artifact
    assert artifact  # noqa: S101 - only kinds that have one are asked
    model: type[BaseModel] = create_model(artifact.__name__, __base__=artifact, build=(Build | None, None))
    model.__doc__ = artifact.__doc__
    return model


def _lenient(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema without generated titles, in which a text may be a word without quotes that looks like a number.

    Durations, constants and keys stay as strict as they are.
    """
    if isinstance(schema, list):
        return [_lenient(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    strict = {"propertyNames", "enum", "const", "required", "mapping"}
    made = {
        _BOUNDS.get(key, key): value
        if key in strict
        else _members(value)
        if key in {"properties", "$defs"}
        else _lenient(value)
        for key, value in schema.items()
        if key not in {"title", "discriminator"}
    }
    is_duration = str(made.get("description", "")).startswith("A duration ")
    if made.get("type") == "string" and not made.keys() & {"enum", "const"} and not is_duration:
        made["type"] = TEXT
    return made


def _members(named: Mapping[str, Any]) -> dict[str, Any]:
    """Of each of these names, the schema; a name may be any word."""
    return {name: _lenient(schema) for name, schema in named.items()}


if __name__ == "__main__":
    for file in write(Path(sys.argv[1])):
        sys.stdout.write(f"{file}\n")
