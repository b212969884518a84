"""Receive release."""

from typing import Any

from controller.flow.receive import receive
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`bucket`, `object` (as in S3's event: `key`, `version-id`) and `execution` → the deployment, or `ignored`."""
    uploaded = event["object"]
    return receive(world, event["bucket"], uploaded["key"], uploaded.get("version-id"), event["execution"])
