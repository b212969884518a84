"""Who calls a function without its alias: they run `$LATEST`, which is whatever was staged last, tested or not.

What invokes a function by the function's own permission (rules, buckets, topics, APIs, load balancers, other accounts)
is in its resource policy; mappings of queues and streams, function URLs and schedules are listed by themselves. What
this may not read, it says.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.errors import NotFoundError, SelfrightError, TransientError

_SERVICES: Mapping[str, str] = {
    "apigateway": "the API",
    "elasticloadbalancing": "the load balancer's target group",
    "events": "the rule",
    "iot": "the rule",
    "logs": "the log group",
    "s3": "the notifications of the bucket",
    "scheduler": "the schedule",
    "sns": "the topic",
}
"""The service in a policy → what its source is."""
SHOWN = 10
PAGES = 50
"""So many pages of schedules are read, which is some thousands: an account may have a million."""
QUALIFIED = 8
"""So many parts has the ARN of a version or an alias; that of the function itself has seven."""
OWN = "$LATEST"


class Callers:
    """The callers of one function that do not come by an alias or a version."""

    def __init__(self, clients: Clients, function_name: str, api_id: str | None) -> None:
        """`api_id` is the HTTP API in front of it, if there is one."""
        self._clients, self._function, self._api_id = clients, function_name, api_id

    def without_alias(self) -> Sequence[str]:
        """Each in a few words; the first ten, and how many more there are. Up to five calls; a list may need more."""
        found: list[str] = []
        for look in (self._permitted, self._mappings, self._urls, self._integrations, self._schedules):
            try:
                found += look()
            except TransientError:
                raise
            except SelfrightError as error:
                found.append(f"perhaps others, because this could not be read: {str(error).rstrip('.')}")
        known = list(dict.fromkeys(found))
        return known if len(known) <= SHOWN else [*known[:SHOWN], f"{len(known) - SHOWN} more"]

    def _permitted(self) -> Iterator[str]:
        """The function's own resource policy; aliases have policies of their own."""
        try:
            with calling("lambda:GetPolicy", self._function):
                policy = json.loads(self._clients.functions.get_policy(FunctionName=self._function)["Policy"])
        except NotFoundError:
            return
        for statement in policy.get("Statement", []):
            if statement.get("Effect") == "Allow" and self._is_own(str(statement.get("Resource", ""))):
                yield _permitted_by(statement)

    def _mappings(self) -> Iterator[str]:
        pages = self._clients.functions.get_paginator("list_event_source_mappings")
        with calling("lambda:ListEventSourceMappings", self._function):
            for page in pages.paginate(FunctionName=self._function):
                for one in page["EventSourceMappings"]:
                    if self._is_own(one["FunctionArn"]) and one.get("State") not in {"Disabled", "Deleting"}:
                        yield f"the mapping of {one.get('EventSourceArn') or one['UUID']}"

    def _urls(self) -> Iterator[str]:
        with calling("lambda:ListFunctionUrlConfigs", self._function):
            found = self._clients.functions.list_function_url_configs(FunctionName=self._function)
        for one in found["FunctionUrlConfigs"]:
            if self._is_own(one["FunctionArn"]):
                yield f"the function URL {one['FunctionUrl']}"

    def _integrations(self) -> Iterator[str]:
        """Those of its HTTP API: an integration with a role of its own needs no permission in the policy."""
        if not self._api_id:
            return
        pages = self._clients.gateway.get_paginator("get_integrations")
        with calling("apigateway:GET", f"/apis/{self._api_id}"):
            for page in pages.paginate(ApiId=self._api_id):
                for one in page["Items"]:
                    uri = one.get("IntegrationUri", "").rpartition("/functions/")[2].removesuffix("/invocations")
                    if self._names_it(uri) and self._is_own(uri):
                        yield f"the integration {one.get('IntegrationId', '')} of the API {self._api_id}".strip()

    def _schedules(self) -> Iterator[str]:
        """Those of EventBridge Scheduler, which calls with a role of its own."""
        pages = self._clients.schedules.get_paginator("list_schedules")
        with calling("scheduler:ListSchedules", self._function):
            for number, page in enumerate(pages.paginate()):
                if number >= PAGES:
                    yield f"perhaps others, because the account has more schedules than the first {PAGES} pages"
                    return
                for one in page["Schedules"]:
                    arn = one.get("Target", {}).get("Arn", "")
                    if self._names_it(arn) and self._is_own(arn):
                        yield f"the schedule {one['Name']}"

    def _names_it(self, arn: str) -> bool:
        """Whether this may be the ARN of the function, which may itself be known by its ARN."""
        return f":function:{self._function.rpartition(':')[2]}" in arn

    def _is_own(self, arn: str) -> bool:
        """Whether an ARN names this function itself, and none of its versions or aliases."""
        parts = arn.split(":")
        unqualified = len(parts) < QUALIFIED or parts[-1] == OWN
        return unqualified and (len(parts) < QUALIFIED - 1 or parts[6] == self._function.rpartition(":")[2])


def _permitted_by(statement: Mapping[str, Any]) -> str:
    """Who may call by a statement of the policy, and from where."""
    principal = statement.get("Principal", {})
    services = principal.get("Service") if isinstance(principal, Mapping) else None
    source = _source(statement.get("Condition", {}))
    if services:
        name = services if isinstance(services, str) else ", ".join(services)
        what = _SERVICES.get(name.partition(".")[0], name)
        return f"{what} {source}" if source else f"whatever {name} calls it for"
    who = principal.get("AWS", principal) if isinstance(principal, Mapping) else principal
    return "everybody" if who == "*" else f"{who if isinstance(who, str) else ', '.join(who)}"


def _source(conditions: Mapping[str, Any]) -> str:
    values = (value for one in conditions.values() for key, value in one.items() if key.lower() == "aws:sourcearn")
    found = next(values, "")
    return found if isinstance(found, str) else ", ".join(found)
