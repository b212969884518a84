"""Whether two versions of a function can share an alias, so that each gets some of the visitors.

AWS Lambda's rules for an alias with weights: both versions are published, have the same execution role, and the same
dead-letter queue or none. It applies them when the first weight is set, which is too late for a release.

An alias that has provisioned concurrency of its own cannot be moved as Selfright needs it: AWS then leaves the former
version a weight of 100 % until the new one is warm, on the way back, too. Warm instances belong to versions instead.
"""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.errors import NotFoundError, RefusedError

Configuration = Mapping[str, Any]


def why_apart(live: Configuration, other: Configuration) -> str:
    """Why two versions cannot share an alias; "" when they can."""
    different = [
        f"its {what} changes from {before or 'none'} to {after or 'none'}"
        for what, before, after in (
            ("execution role", live.get("Role"), other.get("Role")),
            ("dead-letter queue", _queue(live), _queue(other)),
        )
        if (before or "") != (after or "")
    ]
    return f"{' and '.join(different)}, and AWS lets no such versions share an alias" if different else ""


def require_free_alias(clients: Clients, function_name: str, alias: str) -> None:
    """Raise `RefusedError` when the alias has provisioned concurrency; one call."""
    name = f"{function_name}:{alias}"
    try:
        with calling("lambda:GetProvisionedConcurrencyConfig", name):
            found = clients.functions.get_provisioned_concurrency_config(FunctionName=function_name, Qualifier=alias)
    except NotFoundError:
        return
    number = found["RequestedProvisionedConcurrentExecutions"]
    raise RefusedError(
        f"The alias {name} has provisioned concurrency ({number}): while AWS warms a new version, it would decide"
        " itself which version visitors get, also during a rollback",
        f"Set `provisioned_concurrency: {number}` for this component in the environment, which warms each version"
        " before its first visitor, and take it from the alias: `aws lambda delete-provisioned-concurrency-config"
        f" --function-name {function_name} --qualifier {alias}`, and in the function's template.",
    )


def _queue(configuration: Configuration) -> str:
    return str(configuration.get("DeadLetterConfig", {}).get("TargetArn") or "")
