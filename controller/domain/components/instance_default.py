"""A default for a key that only some kinds have: the other kinds answer with it, and still refuse the key."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class InstanceDefault(Generic[Value]):
    """An attribute of instances only: pydantic finds no attribute of the class that a subclass's field would shadow."""

    def __init__(self, value: Value) -> None:
        """`value` is the answer of instances whose class has no field of that name."""
        self._value = value

    def __get__(self, instance: object, owner: type) -> Value:
        """The default; a field's value is in the instance, so Python finds it first."""
        if instance is None:
            raise AttributeError
        return self._value
