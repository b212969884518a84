"""A kind of component: a folder of its own on each side, imported when there is a component of that kind."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.target import Target


@dataclass(frozen=True)
class Kind:
    """What a component of this kind is in an environment, and what in a bundle if releases bring it.

    The classes are in `<package>.target` and `<package>.artifact`, and imported when they are asked for: whoever moves
    visitors needs to know nothing of bundles.
    """

    name: str
    package: str
    target_class: str
    artifact_class: str = ""

    @property
    def target(self) -> "type[Target]":
        """What it is in an environment."""
        return cast("type[Target]", getattr(import_module(f"{self.package}.target"), self.target_class))

    @property
    def artifact(self) -> "type[Artifact] | None":
        """What it is in a bundle; None when it is in none."""
        if not self.artifact_class:
            return None
        return cast("type[Artifact]", getattr(import_module(f"{self.package}.artifact"), self.artifact_class))
