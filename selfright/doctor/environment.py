"""All examinations of one environment."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.advice import held_advice
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.domain.strategy import ALL, steps_of
from controller.errors import ConflictError, SelfrightError
from selfright.account.comparing import ComparedEnvironment
from selfright.account.status import EnvironmentStatus
from selfright.components.examined import Examination, Examining, Finding, note, ok, problem
from selfright.components.registry import kind_of
from selfright.doctor.alarms import AlarmExaminer
from selfright.doctor.outside import Ask, UrlExaminer
from selfright.doctor.roles import examine_role
from selfright.doctor.traffic import TrafficExaminer
from selfright.planning.outlook import Usual
from selfright.planning.refusals import DescribedSecrets

AGAIN = "Run this again when that deployment has ended."


@dataclass(frozen=True)
class Around:
    """What the examinations of every environment share. `status` reads the ledger, `compare` compares it with AWS."""

    clients: Clients
    alarms: AlarmExaminer
    usual: Usual
    ask: Ask
    status: Callable[[str], EnvironmentStatus]
    compare: Callable[[EnvironmentStatus], ComparedEnvironment]


@dataclass(frozen=True)
class EnvironmentExaminer:
    """Looks at one environment."""

    environment: Environment
    around: Around

    def examinations(self) -> Iterator[Examination]:
        """Its state, its components one after the other, and what guards its releases."""
        environment, preference = self.environment, self.environment.deployment_preference
        yield Examination("its state", self._state)
        yield Examination("what is live", self._live)
        divides = any(step.weight < ALL for step in steps_of(preference, environment.final_bake))
        moving = self._moving()
        for name, target in sorted(environment.components.items()):
            now, clients = self.around.alarms.now, self.around.clients
            examining = Examining(clients, environment, name, now, divides, examine_role)
            examined = kind_of(target.kind).examine(examining, target)
            if moving and name in moving.components:
                examined = [_while_moving(one, moving) for one in examined]
            yield from examined
        yield from self.around.alarms.examinations(preference.alarms)
        for key, hook in (
            ("pre_traffic", preference.hooks.pre_traffic),
            ("post_traffic", preference.hooks.post_traffic),
        ):
            if hook:
                yield Examination(f"the hook {key}", partial(self._hook, hook))
        for name, secret in sorted(environment.secrets.items()):
            yield Examination(f"the secret {name}", partial(self._secret, secret))
        yield from UrlExaminer(environment, self.around.alarms.now, self.around.ask).examinations()
        yield from TrafficExaminer(environment, self.around.usual).examinations()

    def _moving(self) -> Deployment | None:
        """The deployment that is on its way; what cannot be read is said where the state is examined."""
        with suppress(SelfrightError):
            return self.around.status(self.environment.key).on_its_way
        return None

    def _state(self) -> Iterator[Finding]:
        status = self.around.status(self.environment.key)
        if status.held:
            by = status.held_by.deployment_id if status.held_by else ""
            advice = held_advice(self.environment.key, status.held, by)
            yield problem(f"it is held: {status.held}", "It takes no release until it is unlocked.", advice)
        elif status.on_its_way:
            moving = status.on_its_way
            means = "A release waits until it is over; meanwhile some of what is said here may change."
            yield note(f"{moving.version or moving.deployment_id} is on its way ({moving.phase})", means)
        else:
            yield ok(f"free; {status.live.version} is live" if status.live else "free; nothing is live yet")

    def _live(self) -> Iterator[Finding]:
        compared = self.around.compare(self.around.status(self.environment.key))
        if compared.why_not:
            yield ok(f"not compared with AWS: {compared.why_not}")
        for one in compared.changed:
            found = f"{one.name} {one.reason}" if one.found is not None else f"{one.name}: {one.reason}"
            left = f", as {one.version} left it" if one.version else ""
            why = "it was not restored" if one.outcome == "not_restored" else "somebody changed it by hand"
            yield problem(found, f"It should be on {one.expected or 'nothing'}{left}: {why}.", one.next_step)
        for one in compared.unknown:
            yield note(f"{one.name} was not compared with AWS: {one.reason}", "It may have been changed by hand.")
        if compared.components and not (compared.changed or compared.unknown):
            yield ok("in AWS as it was released")

    def _hook(self, hook: str) -> Iterator[Finding]:
        with calling("lambda:GetFunctionConfiguration", hook):
            found = self.around.clients.functions.get_function_configuration(FunctionName=hook)
        if found.get("State", "Active") == "Failed":
            means = "It cannot be called, and a release whose hook does not answer is rolled back."
            yield problem(f"{hook} is in the state Failed", means, "Correct the function.")
        else:
            yield ok(f"{hook} exists")

    def _secret(self, secret: str) -> Iterator[Finding]:
        if DescribedSecrets().has(secret):
            yield ok("it exists; only the controller reads the names of its keys")
        else:
            means = "A release that needs it is refused."
            yield problem(f"{secret} does not exist, or is being deleted", means, "Create it, or correct its name.")


def _while_moving(examination: Examination, moving: Deployment) -> Examination:
    """The examination of a component that a deployment is changing: what it is on may be that deployment's doing."""
    by = f"{moving.deployment_id}, which is on its way,"
    means = f"{by} changes this component, so it may be no trouble, and nothing is to be done about it by hand now."

    def look() -> Iterator[Finding]:
        try:
            for one in examination.look():
                yield note(one.found, means, AGAIN) if one.severity == "problem" else one
        except ConflictError as error:
            yield note(str(error), means, AGAIN)

    return Examination(examination.subject, look)
