"""Lambda functions whose code is a zip."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aws_cdk import aws_lambda as lambda_

from selfright.cdk.components.alias import released_function, warm_instances
from selfright.cdk.components.api import Api, declared_api, read_api
from selfright.cdk.components.component import Privileges, read_staged
from selfright.cdk.durations import checked
from selfright.cdk.names import Group


@dataclass(frozen=True)
class FunctionComponent:
    """A Lambda function whose code is a zip and that serves visitors through an alias.

    Args:
        function: the function. Its code in the template must never change: begin with `PLACEHOLDER_CODE`,
            `PLACEHOLDER_CODE_NODE`, or for another runtime with any code that it takes.
        alias: the alias that serves visitors. Nothing may call the function without it.
        url: its address for visitors; without one, there are no checks from outside.
        variables: its environment variables in this environment; they replace those of a release.
        api: the HTTP API in front of it, or the stage of a REST API (`rest_api.deployment_stage`); it is part of every
            restore point.
        log_group: the name of the log group, if that is not `/aws/lambda/<the function's name>`.
        provisioned_concurrency: the number of warm instances for every version that visitors get; give the alias itself
            none. 0 removes the provisioned concurrency of older releases; None changes nothing.
        arrives_within: how long a release waits until calls through the alias show a change, at most `30m`.
        when_indivisible: what happens to a release whose version cannot share the alias with the live one, because its
            execution role or dead-letter queue is another: `refuse`, or `at_once` (all visitors at the first step).
        when_bypassed: what happens to a release while somebody calls the function without its alias, and so runs it
            before it is tested: `say`, or `refuse`.
        gateway: `load_balancer`, if one stands in front of it instead of an API or a function URL.
    """

    function: lambda_.IFunction
    alias: str = "live"
    url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    api: Api = None
    log_group: str | None = None
    provisioned_concurrency: int | None = None
    arrives_within: str = "1m"
    when_indivisible: Literal["refuse", "at_once"] = "refuse"
    when_bypassed: Literal["say", "refuse"] = "say"
    gateway: Literal["load_balancer"] | None = None

    def declaration(self) -> dict[str, Any]:
        """The entry that `FunctionTarget` reads."""
        return {
            "kind": "function",
            "function_name": self.function.function_name,
            "alias": self.alias,
            "url": self.url,
            "variables": dict(self.variables),
            **declared_api(self.api),
            **({"log_group": self.log_group} if self.log_group else {}),
            **warm_instances(self.provisioned_concurrency),
            "arrives_within": checked("arrives_within", self.arrives_within),
            **({} if self.when_indivisible == "refuse" else {"when_indivisible": self.when_indivisible}),
            **({} if self.when_bypassed == "say" else {"when_bypassed": self.when_bypassed}),
            **({"gateway": self.gateway} if self.gateway else {}),
        }

    def privileges(self) -> Privileges:
        """The statements for the function, and reading its API to record the restore point."""
        released = released_function(self.function, warm=self.provisioned_concurrency is not None)
        routes = read_api(self.api)  # calls of a version come as its routes make them, and staging exports them
        calling = {group: [*released[group], *routes] for group in (Group.CHECK, Group.CLOSE)}
        return {**released, **calling, Group.STAGE: [*released[Group.STAGE], read_staged("staging/*"), *routes]}
