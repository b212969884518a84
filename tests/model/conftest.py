"""The monitor watches the scenes of the state machines' tests."""

from tests.state_machine.conftest import aws, make_scene, scene

__all__ = ["aws", "make_scene", "scene"]
