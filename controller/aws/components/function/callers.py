"""Who calls a function without its alias: they run `$LATEST`, which is whatever was staged last, tested or not.

What invokes a function by the function's own permission (rules, buckets, topics, APIs, load balancers, other accounts)
is in its resource policy; mappings of queues and streams, function URLs, rules, pipes and schedules are listed by
themselves, and so are the routes of the API that the environment names. What may not be read, and what is too long, is
said. Other APIs, state machines and programs that call it with a role of their own are not found: AWS lists them
nowhere by what they call, and the role of one application does not read what belongs to others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.apis import exported_api
from controller.aws.components.function.apis.routes import routes_in
from controller.domain.components.bypassing import REFUSE, Bypassing
from controller.domain.components.function.target import LambdaTarget
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
"""So many pages of a list are read, which is some thousands of schedules: an account may have a million."""
BUSES = 20
"""So many event buses are asked for their rules; most accounts have a few."""
DEFAULT = "default"
"""The bus that every account has; the ARNs of its rules do not name it."""
QUALIFIED = 8
"""So many parts has the ARN of a version or an alias; that of the function itself has seven."""
OWN = "$LATEST"


class Callers:
    """The callers of one function that do not come by an alias or a version."""

    def __init__(self, clients: Clients, target: LambdaTarget, arn: str) -> None:
        """`arn` is the function's own, without a version."""
        self._clients, self._target, self._arn = clients, target, arn
        self._function, self._beyond = target.function_name, list[str]()

    def found(self) -> Bypassing:
        """Up to ten, and how many more there are. About ten calls; long lists need more, and are bounded.

        Raises `TransientError` only where the callers decide: what is only said stops no release.
        """
        found: list[str] = []
        unread: list[str] = []
        looks = (self._permitted, self._mappings, self._urls, self._of_api, self._rules, self._pipes, self._schedules)
        for look in looks:
            try:
                found += look()
            except SelfrightError as error:
                if self._target.when_bypassed == REFUSE and isinstance(error, TransientError):
                    raise
                unread.append(str(error).rstrip("."))
        known = list(dict.fromkeys(found))
        more = [f"{len(known) - SHOWN} more"] if len(known) > SHOWN else []
        return Bypassing((*known[:SHOWN], *more), tuple(unread), tuple(self._beyond))

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

    def _of_api(self) -> Iterator[str]:
        """The API that the environment names: an integration with a role needs no permission in the policy."""
        if self._target.api_id:
            yield from self._of_http_api(self._target.api_id)
        if self._target.rest_api_id:
            yield from self._of_rest_api(self._target.rest_api_id)

    def _of_http_api(self, api_id: str) -> Iterator[str]:
        pages = self._clients.gateway.get_paginator("get_integrations")
        with calling("apigateway:GET", f"/apis/{api_id}"):
            for page in pages.paginate(ApiId=api_id):
                for one in page["Items"]:
                    uri = one.get("IntegrationUri", "").rpartition("/functions/")[2].removesuffix("/invocations")
                    if self._names_it(uri) and self._is_own(uri):
                        yield f"the integration {one.get('IntegrationId', '')} of the API {api_id}".strip()

    def _of_rest_api(self, api_id: str) -> Iterator[str]:
        for route in routes_in(exported_api(self._clients, self._target) or {}):
            if self._names_it(f":function:{route.function}") and route.qualifier in {"", OWN}:
                yield f"the route {route.key} of the API {api_id}"

    def _rules(self) -> Iterator[str]:
        """Those of EventBridge, which may call with a role; named as the function's policy names them."""
        place = self._arn.partition(":lambda:")
        region_and_account = place[2].partition(":function:")[0]
        pages = self._clients.events.get_paginator("list_rule_names_by_target")
        for bus in self._buses():
            prefix = f"{place[0]}:events:{region_and_account}:rule/{'' if bus == DEFAULT else bus + '/'}"
            for arn in (self._arn, f"{self._arn}:{OWN}"):
                with calling("events:ListRuleNamesByTarget", self._function):
                    for page in pages.paginate(TargetArn=arn, EventBusName=bus):
                        yield from (f"the rule {prefix}{name}" for name in page["RuleNames"])

    def _buses(self) -> Sequence[str]:
        with calling("events:ListEventBuses", self._function):
            found = self._clients.events.list_event_buses(Limit=BUSES)
        if found.get("NextToken"):
            self._beyond.append(f"the account has more event buses than the {BUSES} that were looked at")
        return [one["Name"] for one in found["EventBuses"]]

    def _pipes(self) -> Iterator[str]:
        """Those of EventBridge Pipes, which call with a role: of all, because what enriches is no target."""
        pages = self._clients.pipes.get_paginator("list_pipes")
        with calling("pipes:ListPipes", self._function):
            for page in self._bounded(pages.paginate(), "pipes"):
                for one in page["Pipes"]:
                    called = (one.get("Target", ""), one.get("Enrichment", ""))
                    runs = one.get("DesiredState") != "STOPPED"
                    if runs and any(self._names_it(arn) and self._is_own(arn) for arn in called):
                        yield f"the pipe {one['Name']}"

    def _schedules(self) -> Iterator[str]:
        """Those of EventBridge Scheduler, which calls with a role of its own."""
        pages = self._clients.schedules.get_paginator("list_schedules")
        with calling("scheduler:ListSchedules", self._function):
            for page in self._bounded(pages.paginate(), "schedules"):
                for one in page["Schedules"]:
                    arn = one.get("Target", {}).get("Arn", "")
                    if self._names_it(arn) and self._is_own(arn):
                        yield f"the schedule {one['Name']}"

    def _bounded(self, pages: Iterable[Mapping[str, Any]], what: str) -> Iterator[Mapping[str, Any]]:
        for number, page in enumerate(pages):
            if number >= PAGES:
                where = (
                    f"the account has more {what} than the first {PAGES} pages of their list, and AWS has no list of"
                )
                self._beyond.append(f"{where} those that call one function")
                return
            yield page

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
