"""The CDK app: the controller's stack, and SmartPack's stack, which is like that of any application."""

import selfright.cdk  # noqa: F401 - first, because it names the Node.js that `aws_cdk` starts
