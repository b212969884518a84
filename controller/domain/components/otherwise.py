"""A default for what only some kinds have as a key: the others answer with it, and still refuse the key."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Otherwise(Generic[Value]):
    """An attribute of instances alone: pydantic sees no attribute of the class that a subclass's field would shadow."""

    def __init__(self, value: Value) -> None:
        """`value` is what instances answer whose class has no field of that name."""
        self._value = value

    def __get__(self, instance: object, owner: type) -> Value:
        """The default; a field's value lies in the instance and is found first."""
        if instance is None:
            raise AttributeError
        return self._value
