"""The kinds of components on a person's machine, found by their names. A new kind is a folder and a line here."""

from importlib import import_module
from typing import Any, cast

from selfright.components.kind import Kind

KINDS = {
    "database": "selfright.components.database",
    "function": "selfright.components.function",
    "image": "selfright.components.image",
    "parameters": "selfright.components.parameters",
    "site": "selfright.components.site",
    "stack": "selfright.components.stack",
    "state_machine": "selfright.components.state_machine",
}
"""Name → the package that has its `KIND`; imported only if there is a component of that kind."""


def kind_of(name: str) -> Kind[Any, Any]:
    """The kind of this name; for an unknown name, the base class."""
    if name not in KINDS:
        return Kind(name)
    return cast("Kind[Any, Any]", import_module(KINDS[name]).KIND)
