"""CloudWatch's names for what it measures of functions: by function and alias, and also by executed version."""

from controller.aws.components.kind import MetricNames
from controller.domain.components.function.target import LambdaTarget


def measured_of(target: LambdaTarget, version: str) -> MetricNames:
    """The calls of the alias; with a version, the part that this one executed."""
    alias = {"FunctionName": target.function_name, "Resource": f"{target.function_name}:{target.alias}"}
    dimensions = {**alias, "ExecutedVersion": version} if version else alias
    return MetricNames("AWS/Lambda", ("Invocations",), ("Errors",), "Duration", dimensions)
