"""The kinds of components by name. A new kind is a folder, and a line here."""

from collections.abc import Callable
from importlib import import_module
from typing import TypeVar, cast

from pydantic import BaseModel
from pydantic_core import PydanticKnownError

from controller.domain.components.kind import Kind

KINDS = {
    "database": "controller.domain.components.database",
    "function": "controller.domain.components.function",
    "image": "controller.domain.components.image",
    "parameters": "controller.domain.components.parameters",
    "site": "controller.domain.components.site",
    "stack": "controller.domain.components.stack",
    "state_machine": "controller.domain.components.state_machine",
}
"""Name → the package that has it as `KIND`."""

Model = TypeVar("Model", bound=BaseModel)


def kind_of(name: str) -> Kind:
    """The kind of this name; raises `KeyError`."""
    return cast("Kind", import_module(KINDS[name]).KIND)


def names_of(find: Callable[[Kind], object]) -> list[str]:
    """The names of the kinds for which `find` returns something."""
    return [name for name in sorted(KINDS) if find(kind_of(name))]


def one_of(value: object, base: type[Model], find: Callable[[Kind], type[Model] | None]) -> Model:
    """Validate `value` as the model of the kind that it names, with pydantic's errors of a discriminated union.

    `find` returns the class of a kind; None when it has none here. Only the kinds that occur are imported.
    """
    if isinstance(value, base):
        return value
    if not isinstance(value, dict):
        raise PydanticKnownError("model_attributes_type")
    if "kind" not in value:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
    name = value["kind"]
    model = find(kind_of(name)) if isinstance(name, str) and name in KINDS else None
    if model is None:
        known = ", ".join(f"'{one}'" for one in names_of(find))
        raise PydanticKnownError(
            "union_tag_invalid", {"discriminator": "'kind'", "tag": str(name), "expected_tags": known}
        )
    return model.model_validate(value)
