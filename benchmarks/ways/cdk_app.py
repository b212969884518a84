"""The CDK app for the measurement of `cdk deploy`: a function with version and alias, and the site as an asset."""

import json
import os

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets


def main() -> None:
    """Synthesize the build that `BENCH_BUILD` names."""
    build = json.loads(os.environ["BENCH_BUILD"])
    app = App(analytics_reporting=False)
    stack = Stack(app, "BenchCdk")
    function = lambda_.Function(
        stack,
        "Api",
        function_name="bench-cdk-api",
        code=lambda_.Code.from_asset(build["code"]),
        handler="index.handler",
        runtime=lambda_.Runtime("python3.13", lambda_.RuntimeFamily.PYTHON),
    )
    lambda_.Alias(stack, "Live", alias_name="live", version=function.current_version)
    site = assets.Asset(stack, "Site", path=build["site"])
    CfnOutput(stack, "SiteAsset", value=site.s3_object_url)
    app.synth()


if __name__ == "__main__":
    main()
