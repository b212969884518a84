"""Examines everything, or one environment with what it depends on, and reads only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from controller.aws.client.clients import Clients
from controller.aws.client.pacing import URGENT_PATIENCE, Pace, paced
from controller.errors import SelfrightError
from selfright.account.account import Account
from selfright.account.comparing import Comparer
from selfright.account.past_requests import TrafficReader, UsualTraffic
from selfright.components.examined import Examination, Finding
from selfright.doctor.alarms import AlarmExaminer
from selfright.doctor.controller import ControllerExaminer
from selfright.doctor.diagnosis import Diagnosis, diagnose
from selfright.doctor.environment import Around, EnvironmentExaminer
from selfright.doctor.outside import Ask, ask
from selfright.doctor.quotas import AccountExaminer

ACCOUNT, CONTROLLER = "the account", "the controller"


@dataclass(frozen=True)
class Doctor:
    """Uses the caller's permissions. `said` gets what is being examined; `sleep` waits between repeated reads."""

    account: Account
    now: datetime
    sleep: Callable[[float], None]
    said: Callable[[str], None] = field(default=lambda _: None)
    ask: Ask = ask

    def examine(self, key: str | None = None) -> Iterator[Diagnosis]:
        """What was found in the account, the controller, and the environment `key` (default: in every environment).

        Raises `AdviceError` if there is no controller, or no such environment.
        """
        resources = self.account.resources
        clients = paced(self.account.clients, Pace().take, URGENT_PATIENCE)
        keys = [key] if key else self.account.environments()
        if key:
            self.account.environment(key)
        around = self._around(clients, resources.on_alarm_function_arn)
        yield from self._all(ACCOUNT, AccountExaminer(clients, self.account.quotas, self.said).examinations())
        yield from self._all(CONTROLLER, ControllerExaminer(resources, clients).examinations())
        for one in keys:
            yield from self._all(one, self._environment(one, around))

    def _all(self, place: str, examinations: Iterator[Examination] | list[Examination]) -> Iterator[Diagnosis]:
        for examination in examinations:
            self.said(f"{place}: {examination.subject}")
            yield from diagnose(place, examination)

    def _environment(self, key: str, around: Around) -> Iterator[Examination]:
        try:
            environment = self.account.environment(key)
        except SelfrightError as error:
            finding = Finding("problem", str(error), "No release can begin.", "Deploy the application's stack again.")
            yield Examination("its configuration", lambda: [finding])
            return
        yield from EnvironmentExaminer(environment, around).examinations()

    def _around(self, clients: Clients, on_alarm: str) -> Around:
        return Around(
            clients,
            AlarmExaminer(on_alarm, self.now),
            UsualTraffic(TrafficReader(), self.now),
            self.ask,
            self.account.ledger.status,
            Comparer(self.account, self.sleep).compare,
        )
