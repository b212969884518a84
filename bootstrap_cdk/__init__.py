"""The CDK app: the controller's stack, and SmartPack's stack, which is an application's like any other."""

import selfright.cdk  # noqa: F401 - first, because it names the Node.js that `aws_cdk` starts
