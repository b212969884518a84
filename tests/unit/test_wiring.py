"""Which adapter stands behind which port: all ports have one, and it keeps the port's promise."""

import inspect
from importlib import import_module
from typing import Any, get_type_hints

import pytest

from controller.ports.world import World
from controller.settings import Settings
from controller.wiring import ADAPTERS, aws_world

CALLED = {"on_alarm_function": "function_name", "notifications_topic_arn": "topic_arn"}
"""What an adapter calls a setting whose name says more; all others have the setting's own name."""
PORTS: dict[str, Any] = {name: port for name, port in get_type_hints(World).items() if not name.startswith("_")}


def test_every_port_has_an_adapter() -> None:
    """None is forgotten, and none is left over; that of the components is made by itself."""
    assert ADAPTERS.keys() | {"components"} == PORTS.keys()


@pytest.mark.parametrize("port", sorted(ADAPTERS))
def test_an_adapter_implements_all_of_its_port(port: str) -> None:
    """It names its port as its base, so mypy compares the signatures; and it leaves no method out."""
    module, name, *given = ADAPTERS[port]
    adapter = getattr(import_module(module), name)
    assert PORTS[port] in adapter.__mro__
    promised = [name for name in vars(PORTS[port]) if not name.startswith("_")]
    assert promised
    assert [one for one in promised if getattr(adapter, one) is getattr(PORTS[port], one)] == []
    assert set(given) <= {*Settings.model_fields, "clients"}
    names = list(inspect.signature(adapter).parameters)[: len(given)]
    assert [CALLED.get(one, one) for one in given] == names


def test_an_adapter_is_made_once_and_when_it_is_used() -> None:
    """A handler pays only for what it needs."""
    world = aws_world(Settings())
    assert "clock" not in vars(world)
    assert world.clock is world.clock


def test_a_port_that_is_none_is_told_as_such() -> None:
    """A misspelt name is an AttributeError, as of any object."""
    with pytest.raises(AttributeError, match="clocks"):
        _ = aws_world(Settings()).clocks
