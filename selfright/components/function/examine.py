"""Examines a Lambda function, its alias and its role, as a release needs them."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.components.function.alias import Alias
from controller.domain.components.function.runtimes import RUNTIME_ADVICE, why_gone, why_old
from controller.domain.components.function.target import LambdaTarget
from controller.errors import NotFoundError
from selfright.components.examined import Examination, Examining, Finding, note, ok, problem
from selfright.components.function.examine_api import ApiExaminer

LATEST = "$LATEST"
SHARED = {"Role": "execution role", "DeadLetterConfig": "dead-letter queue"}
"""What two versions must have in common for one alias to divide its calls between them."""


class FunctionExaminer:
    """Looks at one function; `package` is Lambda's name for the kind of its code."""

    def __init__(self, examining: Examining, target: LambdaTarget, package: str) -> None:
        self._examining, self._target, self._package = examining, target, package
        self._functions, self._name = examining.clients.functions, target.function_name
        self._alias = Alias(examining.clients, target.function_name, target.alias)

    def examinations(self) -> list[Examination]:
        """The function, its alias, its role, and the API in front of it."""
        return [
            Examination(f"the function {self._name}", self._function),
            Examination(f"the alias {self._alias.name}", self._traffic),
            Examination(f"the role of {self._name}", self._role),
            *ApiExaminer(self._examining, self._target).examinations(),
        ]

    def configuration(self, qualifier: str = LATEST) -> Mapping[str, Any]:
        """The configuration of a version."""
        with calling("lambda:GetFunctionConfiguration", f"{self._name}:{qualifier}"):
            return dict(self._functions.get_function_configuration(FunctionName=self._name, Qualifier=qualifier))

    def _function(self) -> Iterator[Finding]:
        found = self.configuration()
        package, state, update = (found.get(name) for name in ("PackageType", "State", "LastUpdateStatus"))
        if (package or self._package) != self._package:
            means = f"A component of this kind needs {self._package}, and AWS cannot change it."
            yield problem(f"package type {package}", means, "Name another function in the environment.")
        if "Error" in found.get("Environment", {}):
            means = "Its variables cannot be decrypted, so a release, which keeps them, would fail."
            step = "Allow kms:Decrypt on the function's key, and check that the key is enabled."
            yield problem("variables that cannot be read", means, step)
        if "Failed" in {state, update}:
            reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or "AWS gives no reason"
            means = "A release updates the function, and would fail."
            yield problem(f"its last update failed: {reason}", means, "Correct that and update it once by hand.")
        elif state == "Pending" or update == "InProgress":
            means = "Somebody is updating it; a release that meets that waits, and then fails."
            yield note("an update is in progress", means, "Release when it is done.")
        else:
            yield ok(f"{state or 'Active'}, {found.get('Runtime') or package}, {found.get('MemorySize')} MB")
        yield from _age_of(str(found.get("Runtime", "")))
        yield from self._concurrency()

    def _concurrency(self) -> Iterator[Finding]:
        with calling("lambda:GetFunctionConcurrency", self._name):
            reserved = self._functions.get_function_concurrency(FunctionName=self._name)
        if reserved.get("ReservedConcurrentExecutions") == 0:
            means = "AWS refuses every call of it, the checks of a release as well."
            step = f"`aws lambda delete-function-concurrency --function-name {self._name}`"
            yield problem("its reserved concurrency is 0", means, step)

    def _traffic(self) -> Iterator[Finding]:
        state = self._alias.read()
        if state.shares or state.version == LATEST:
            means = "A release begins only while the alias is on one published version."
            step = f"Point it to one: `aws lambda update-alias --function-name {self._name} --name {self._target.alias}"
            yield problem(
                f"on {self._alias.describe(state)}", means, f"{step} --function-version N --routing-config {{}}`"
            )
        else:
            yield ok(f"on {self._alias.describe(state)}")
            yield from self._shared(state.version)
        yield from self._warm_alias()

    def _shared(self, live: str) -> Iterator[Finding]:
        """Whether the next version, which is published from $LATEST, may have a share of the alias beside `live`."""
        new, old = self.configuration(), self.configuration(live)
        different = [words for key, words in SHARED.items() if (new.get(key) or None) != (old.get(key) or None)]
        if different:
            found = f"version {live} and $LATEST differ in their {' and '.join(different)}"
            means = "AWS divides the calls of an alias only between versions that have both in common."
            step = "For the next release, set `deployment_preference.type` to AllAtOnce, or undo that change."
            yield problem(found, means, step) if self._examining.divides else note(found, means)

    def _warm_alias(self) -> Iterator[Finding]:
        try:
            with calling("lambda:GetProvisionedConcurrencyConfig", self._alias.name):
                self._functions.get_provisioned_concurrency_config(
                    FunctionName=self._name, Qualifier=self._target.alias
                )
        except NotFoundError:
            return
        means = "A release of it is refused: while AWS warms a version, AWS decides which one visitors get."
        step = "Remove it there, and set `provisioned_concurrency` of this component in the environment instead."
        found = "the alias itself has provisioned concurrency"
        yield problem(found, means, step)

    def _role(self) -> Iterator[Finding]:
        yield from self._examining.role(str(self.configuration()["Role"]))


def _age_of(runtime: str) -> Iterator[Finding]:
    """What is to be said of the runtime in the function's template, which holds for a release that sets none."""
    if gone := why_gone(runtime):
        yield problem(gone, "A release that sets no other runtime is refused.", RUNTIME_ADVICE)
    elif old := why_old(runtime):
        yield note(old.removesuffix("."), "It still runs.", RUNTIME_ADVICE)
