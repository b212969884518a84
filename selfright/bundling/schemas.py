"""JSON Schemas of `release.yaml` and `settings.yaml`, made from the models: editors complete and check by them.

`python -m selfright.editors FOLDER` writes both. A schema knows the form of a file; what depends on several keys is
checked by `selfright bundle` alone.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Mapping
from functools import cache, reduce
from itertools import pairwise
from operator import or_
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from controller.domain.bundle.manifest import Manifest, Name
from controller.domain.components.parameters.values import MOST, NAME, VALUE_BYTES
from controller.domain.components.registry import kind_of, names_of
from selfright.bundling.build_spec import Build

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest one that all editors know."""
TEXT = ["string", "number", "boolean"]
"""A text without quotes may look like one of these to an editor."""
KINDS = "Of which kind it is; the other keys depend on it."
BUILD = "How the artifact is made, when its sources have changed; unsaid, it lies there already."
SETTING = (
    "The value of a setting: a text, as it is written (21, no and Null too), at most 4,096 bytes, without secrets. The"
    " application reads it from SSM by this name."
)
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
    schema: dict[str, Any] = _lenient(source.model_json_schema(schema_generator=_Described))
    schema = _by_kind(schema, schema["$defs"])
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
            "description": SETTING,
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
    model: type[BaseModel] = create_model(
        artifact.__name__, __base__=artifact, build=(Build | None, Field(None, description=BUILD))
    )
    model.__doc__ = artifact.__doc__
    return model


class _Described(GenerateJsonSchema):
    """Gives each key the description that its field has in the model: an editor shows it beside the key."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of one model."""
        made = super().model_schema(schema)
        said = descriptions(schema["cls"])
        for name, member in made.get("properties", {}).items():
            if name in said:
                rule = member.get("description", "")
                member["description"] = f"{said[name]} {rule}".strip()
            if "$ref" in member:  # beside a reference, editors read nothing
                member["allOf"] = [{"$ref": member.pop("$ref")}]
        return made


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Key → what stands below its field in the model, or in the nearest one that the model is made from."""
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            said |= _below_fields(one)
    return {field.alias or name: said[name] for name, field in model.model_fields.items() if name in said}


@cache
def _below_fields(model: type[BaseModel]) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except (OSError, TypeError):  # it was made here
        return {}
    (tree,) = ast.parse(source).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - a model is a class
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def _lenient(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema without generated titles, in which a text may be a word without quotes that looks like a number.

    Durations, constants and keys stay as strict as they are.
    """
    if isinstance(schema, list):
        return [_lenient(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    strict = {"propertyNames", "enum", "const", "required", "mapping"}
    made: dict[Any, Any] = {
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
    others = [one for one in made.get("anyOf", ()) if one != {"type": "null"}]
    if len(others) == 1 < len(made["anyOf"]):  # a key without a value is refused
        said = " ".join(filter(None, (made.get("description"), others[0].get("description"))))
        made = {**others[0], **{key: value for key, value in made.items() if key not in {"anyOf", "default"}}}
        made |= {"description": said} if said else {}
    return made


def _by_kind(schema: Any, models: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The schema in which `kind` chooses the model: an editor then names the key that is wrong, of that kind alone."""
    if isinstance(schema, list):
        return [_by_kind(one, models) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {key: _by_kind(value, models) for key, value in schema.items()}
    refs = made.get("oneOf", [])
    chosen = {
        models[ref["$ref"].rpartition("/")[2]]["properties"]["kind"]["const"]: ref for ref in refs if "$ref" in ref
    }
    if not refs or len(chosen) < len(refs):
        return made
    del made["oneOf"]
    unsaid = [ref for ref in chosen.values() if "kind" not in models[ref["$ref"].rpartition("/")[2]]["required"]]
    return {
        **made,
        "type": "object",
        "properties": {"kind": {"enum": [*chosen], "description": KINDS}},
        **({} if unsaid else {"required": ["kind"]}),
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, **({} if ref in unsaid else {"required": ["kind"]})},
                "then": ref,
            }
            for kind, ref in chosen.items()
        ],
    }


def _members(named: Mapping[str, Any]) -> dict[str, Any]:
    """Of each of these names, the schema; a name may be any word."""
    return {name: _lenient(schema) for name, schema in named.items()}
