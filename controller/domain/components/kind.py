"""A kind of component: it has a folder on each side, which is imported only when a component is of that kind."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.target import Target


@dataclass(frozen=True)
class Kind:
    """The classes of a kind: its target in an environment, and its artifact if bundles have one.

    The classes are in `<package>.target` and `<package>.artifact`, and each is imported when it is used: code that
    shifts traffic does not import code that reads bundles.
    """

    name: str
    package: str
    target_class: str
    artifact_class: str = ""

    @property
    def target(self) -> "type[Target]":
        """The class of its components in an environment."""
        return cast("type[Target]", getattr(import_module(f"{self.package}.target"), self.target_class))

    @property
    def artifact(self) -> "type[Artifact] | None":
        """The class of its components in a bundle; None when bundles have none."""
        if not self.artifact_class:
            return None
        return cast("type[Artifact]", getattr(import_module(f"{self.package}.artifact"), self.artifact_class))
