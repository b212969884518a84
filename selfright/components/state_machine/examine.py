"""Examines a state machine and its alias, as a release needs them."""

from collections.abc import Iterator

from controller.aws.client.calls import calling
from controller.aws.components.state_machine.alias import MachineAlias
from controller.aws.components.state_machine.versions import MachineVersions
from controller.domain.components.state_machine.target import StateMachineTarget
from selfright.components.examined import Examination, Examining, Finding, note, ok, problem

LOOKED_AT = 100
"""The newest executions that are looked at."""
STANDARD = "STANDARD"


class StateMachineExaminer:
    """Looks at one state machine."""

    def __init__(self, examining: Examining, target: StateMachineTarget) -> None:
        self._clients, self._target = examining.clients, target
        self._versions = MachineVersions(examining.clients, target.state_machine_arn)
        self._alias = MachineAlias(examining.clients, target.state_machine_arn, target.alias)
        self._role = examining.role

    def examinations(self) -> list[Examination]:
        """The state machine, its alias, its role, and how its executions are started."""
        name = self._versions.name
        return [
            Examination(f"the state machine {name}", self._machine),
            Examination(f"the alias {self._alias.name}", self._traffic),
            Examination(f"the role of {name}", self._roles),
            Examination(f"the executions of {name}", self._executions),
        ]

    def _machine(self) -> Iterator[Finding]:
        found = self._versions.described()
        if (status := found.get("status", "ACTIVE")) != "ACTIVE":
            yield problem(f"it is {status}", "No version can be published.", "Make it anew, with its stack.")
        else:
            yield ok(f"active, {found.get('type', STANDARD)}")

    def _traffic(self) -> Iterator[Finding]:
        state = self._alias.read()
        if state.only:
            yield ok(f"on {self._alias.describe(state)}")
            return
        means = "A release begins only while the alias is on one version."
        step = (
            f"Lead it to one: `aws stepfunctions update-state-machine-alias --state-machine-alias-arn {self._alias.arn}"
            f" --routing-configuration stateMachineVersionArn={self._target.state_machine_arn}:N,weight=100`"
        )
        yield problem(f"on {self._alias.describe(state)}", means, step)

    def _roles(self) -> Iterator[Finding]:
        yield from self._role(str(self._versions.described()["roleArn"]))

    def _executions(self) -> Iterator[Finding]:
        """Those that were started without the alias: they follow what is staged, or a version that no release moves."""
        if self._versions.described().get("type", STANDARD) != STANDARD:
            yield ok("express executions are not listed")
            return
        arn = self._target.state_machine_arn
        with calling("states:ListExecutions", self._versions.name):
            found = self._clients.machines.list_executions(stateMachineArn=arn, maxResults=LOOKED_AT)["executions"]
        past = [one for one in found if one.get("stateMachineAliasArn") != self._alias.arn]
        if past:
            means = "They follow the definition that was staged last, before and after its release, or one version."
            step = f"Start them by {self._alias.arn}."
            count = f"{len(past)} of the last {len(found)} executions were"
            yield note(f"{count} started without the alias {self._target.alias}", means, step)
        else:
            yield ok(f"the last {len(found)} were started by the alias" if found else "none yet")
