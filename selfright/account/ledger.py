"""Reads the ledger for people, through the controller's own adapters."""

from collections.abc import Callable, Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.evaluations import DynamoEvaluations
from controller.aws.ledger.locks import DynamoLocks
from controller.domain.deployment import Deployment, Evaluation
from controller.domain.timeline import TimelineEvent
from controller.errors import NotFoundError, SelfrightError
from selfright.account.status import DeploymentRecord, EnvironmentStatus
from selfright.errors import AdviceError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


NEAREST, NEWEST = 5, 50
"""Of so many environments, whose names are the most alike, so many deployments are looked at for a typo."""
ALIKE = 0.93
"""One or two of an id's letters are wrong. The ids of two deployments differ in more: in their times and their ends."""


def _unlike(prefix: str, deployment_id: str) -> float:
    return -SequenceMatcher(None, prefix, deployment_id[: len(prefix)]).ratio()


class Ledger:
    """Reads deployments and environments; it never writes."""

    def __init__(
        self,
        table: str,
        dynamodb: "DynamoDBClient | None" = None,
        environments: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """Use this table; `dynamodb` is the client to use (default: the process's own).

        `environments` lists the keys of those whose deployments may be meant by a name that is not known.
        """
        self._environments = environments
        self._deployments = DynamoDeployments(table, dynamodb)
        self._evaluations = DynamoEvaluations(table, dynamodb)
        self._locks = DynamoLocks(table, dynamodb)

    def find(self, deployment_id: str) -> Deployment | None:
        """The present state of the deployment, or None if the ledger has none with that id."""
        try:
            return self._deployments.get(deployment_id)
        except NotFoundError as error:
            if error.__cause__:  # DynamoDB's own error: the table itself is missing.
                raise
            return None

    def get(self, deployment_id: str) -> Deployment:
        """The deployment as it is now; raises `AdviceError` when there is none."""
        if found := self.find(deployment_id):
            return found
        step = "`selfright history APPLICATION/ENVIRONMENT` lists the deployments there are."
        meant = self.alike(deployment_id)
        step = f"Did you mean {' or '.join(meant)}? {step}" if meant else step
        raise AdviceError(f"The ledger has no deployment {deployment_id}.", step)

    def alike(self, deployment_id: str) -> list[str]:
        """The deployments that may be meant by a name with a typo in it, the likeliest first: at most three."""
        try:
            keys = sorted(self._environments(), key=lambda key: _unlike(key.replace("/", "-"), deployment_id))
            known = [one.deployment_id for key in keys[:NEAREST] for one in self.history(key, NEWEST)]
        except SelfrightError:
            return []
        return get_close_matches(deployment_id, known, n=3, cutoff=ALIKE)

    def timeline(self, deployment_id: str) -> list[TimelineEvent]:
        """The events of a deployment, in order."""
        return self._deployments.timeline(deployment_id)

    def evaluations(self, deployment_id: str) -> list[Evaluation]:
        """The judge's evaluations of a deployment, in order."""
        return self._evaluations.all(deployment_id)

    def history(self, environment_key: str, count: int) -> list[Deployment]:
        """The newest deployments of an environment, newest first."""
        return self._deployments.history(environment_key, count)

    def record(self, deployment_id: str) -> DeploymentRecord:
        """A deployment with its timeline; raises `AdviceError` when there is none."""
        deployment = self.get(deployment_id)
        timeline = tuple(self.timeline(deployment_id))
        return DeploymentRecord(deployment, timeline, self._find(deployment.previous))

    def status(self, environment_key: str) -> EnvironmentStatus:
        """The status of an environment; without any deployment, all fields are empty."""
        lock = self._locks.load(environment_key)
        waiting = self._find(lock.waiting.deployment_id) if lock.waiting else None
        live, holder, by = self._find(lock.live), self._find(lock.holder), self._find(lock.held_by)
        return EnvironmentStatus(environment_key, live, holder, waiting, lock.held, by)

    def _find(self, deployment_id: str) -> Deployment | None:
        return self.find(deployment_id) if deployment_id else None
