"""Examines the API in front of a function: its routes lead visitors by the alias that releases move, or past it."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.components.function.apis import exported_api
from controller.aws.components.function.apis.routes import LambdaRoute, routes_in
from controller.domain.components.function.target import LambdaTarget
from selfright.components.examined import Examination, Examining, Finding, note, ok, problem

SHOWN = 3
"""So many routes are named; the others are counted."""


class ApiExaminer:
    """Looks at the HTTP API, or at the stage of the REST API, that the environment names."""

    def __init__(self, examining: Examining, target: LambdaTarget) -> None:
        self._examining, self._target = examining, target
        self._name = target.function_name.rpartition(":")[2]

    def examinations(self) -> list[Examination]:
        """The API, if there is one."""
        if self._target.api_id:
            return [Examination(f"the HTTP API {self._target.api_id}", self._look)]
        if self._target.rest_api_id:
            api = f"the stage {self._target.rest_api_stage} of the REST API {self._target.rest_api_id}"
            return [Examination(api, self._look)]
        return []

    def _look(self) -> Iterator[Finding]:
        document = exported_api(self._examining.clients, self._target) or {}
        routes = routes_in(document)
        ours = [route for route in routes if route.function == self._name]
        yield from self._led([route for route in ours if route.is_known])
        if unknown := [route for route in routes if not route.is_known]:
            means = "It cannot be seen whether they lead visitors by the alias that releases move."
            yield note(f"{_named(unknown)}: a stage variable says where to", means)
        elif not ours:
            means = "Every restore point has its configuration, but visitors do not come to the function by it."
            yield note(f"no route leads to {self._name}", means, "Correct the API's id in the environment.")
        yield from _canary(document)

    def _led(self, routes: list[LambdaRoute]) -> Iterator[Finding]:
        alias = self._target.alias
        past = [route for route in routes if route.qualifier != alias]
        if past:
            means = (
                "Visitors of these routes get code that was staged, before any test and after a rollback: no release"
                " moves them."
            )
            step = (
                f"Lead them to the function's alias ({self._name}:{alias}), which API Gateway must be allowed to call."
            )
            yield problem(f"{_named(past)}: not by the alias {alias}", means, step)
        elif routes:
            yield ok(f"{_named(routes)}: by the alias {alias}")


def _canary(document: Mapping[str, Any]) -> Iterator[Finding]:
    if document.get("stage", {}).get("canarySettings"):
        means = "API Gateway itself divides visitors between two definitions, which the comparison does not know."
        yield note("the stage has a canary of its own", means, "End it before you release.")


def _named(routes: list[LambdaRoute]) -> str:
    keys = [route.key for route in routes]
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return f"{', '.join(keys[:SHOWN])}{more}"
