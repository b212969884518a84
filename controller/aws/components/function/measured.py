"""CloudWatch's names for what it measures of functions: by function and alias, and also by executed version."""

from collections.abc import Mapping

from controller.domain.components.function.target import LambdaTarget


def dimensions_of(target: LambdaTarget) -> Mapping[str, str]:
    """The dimensions of the alias; `ExecutedVersion` in addition selects the part of one version."""
    return {"FunctionName": target.function_name, "Resource": f"{target.function_name}:{target.alias}"}
