"""How CloudWatch names what it measures of functions: by function and alias, and beside that by executed version."""

from collections.abc import Mapping

from controller.domain.components.function.target import LambdaTarget


def dimensions_of(target: LambdaTarget) -> Mapping[str, str]:
    """The dimensions of the alias, of which each version has its own part."""
    return {"FunctionName": target.function_name, "Resource": f"{target.function_name}:{target.alias}"}
