"""The SDK that Lambda's runtime brings."""

import json
from collections.abc import Iterator
from importlib import metadata

from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured
from selfright.proving.scene import Scene


def measure(scene: Scene) -> Iterator[Finding]:
    """Ask a function without any package of its own."""
    asked = json.dumps({"do": "versions"}).encode()
    reply = scene.client("lambda").invoke(FunctionName=scene.outputs["Prober"], Payload=asked)
    found = json.loads(reply["Payload"].read())
    for package in ("boto3", "botocore"):
        here = metadata.version(package)
        yield Measured(f"{package} of the runtime", f"{found[package]} (this machine has {here})")


FACT = Fact(
    "runtime_sdk",
    "prober",
    "Which SDK does the runtime bring?",
    "A function of the sandbox without packages of its own says which boto3 and botocore it imports.",
    measure,
)
