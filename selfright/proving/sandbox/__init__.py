"""The sandbox in an account: it is created from one template, and deleted without a trace.

`template.json` is made from `bootstrap_cdk.sandbox` (`python -m bootstrap_cdk.sandbox`), so that nobody needs CDK.
"""
