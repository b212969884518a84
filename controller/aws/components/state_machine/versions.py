"""The versions of a state machine: numbered, and never changed once they are published.

`UpdateStateMachine` changes the state machine itself, which no execution follows that is started by the alias; it has
no condition, so it is called right after the permit. `PublishStateMachineVersion` has one: the revision id of what is
published. So a version always has exactly the definition that was meant, whoever else is at work.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from controller import clock
from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.state_machine.definition import digest_of
from controller.errors import AwsError, ConflictError, InvalidBundleError, LedgerConflictError, NotFoundError
from controller.ports.components import always
from controller.seen_again import seen_again, unless_changed

INVALID = "InvalidDefinition"
"""The code of Step Functions' error against a definition."""
REFUSED = "Step Functions refuses the definition"
OURS = "selfright "
"""The description of every version that Selfright publishes begins with this."""
INITIAL = "INITIAL"
"""The revision id of a state machine that was never updated."""
FROM_TEMPLATE = ("roleArn", "loggingConfiguration", "tracingConfiguration")
"""What a version has of the state machine's template, besides the definition."""
LOOKED_AT = 100
"""The newest versions, as many as one call lists: older ones are looked at when these have gone."""


class MachineVersions:
    """The versions of one state machine."""

    def __init__(
        self,
        clients: Clients,
        machine_arn: str,
        sleep: Callable[[float], None] = clock.sleep,
        permit: Callable[[], object] = always,
    ) -> None:
        """`sleep` waits between two attempts; `permit` raises when the state machine may not be changed (any more)."""
        self._clients, self._arn, self._sleep, self._permit = clients, machine_arn, sleep, permit
        self.name = machine_arn.rpartition(":")[2]

    def described(self, version: str = "") -> Mapping[str, Any]:
        """A version, or the state machine itself: one call; raises `NotFoundError`."""
        arn = f"{self._arn}:{version}" if version else self._arn
        with calling("states:DescribeStateMachine", arn.partition(":stateMachine:")[2]):
            return dict(self._clients.machines.describe_state_machine(stateMachineArn=arn))

    def digest(self, version: str) -> str:
        """The digest of a version's definition."""
        return digest_of(self.described(version)["definition"])

    def has(self, version: str) -> bool:
        """Whether the version exists; one call."""
        try:
            self.described(version)
        except NotFoundError:
            return False
        return True

    def publish(self, text: str) -> str:
        """The number of a version with this definition.

        Raises `ConflictError` when others keep on changing the state machine at the same time.
        """
        try:
            return unless_changed(lambda: self._publish(text), self._sleep)
        except LedgerConflictError:
            raise
        except ConflictError as error:
            raise ConflictError(
                f"Somebody else is updating {self.name}. Release again when they are done. {error}"
            ) from error

    def _publish(self, text: str) -> str:
        digest = digest_of(text)
        latest = self.described()
        if digest_of(latest["definition"]) != digest:
            self.update(text)
            latest = seen_again(self.described, lambda found: digest_of(found["definition"]) == digest, self._sleep)
            if digest_of(latest["definition"]) != digest:
                raise ConflictError(f"{self.name} was changed at the same time.")
        with calling("states:PublishStateMachineVersion", self.name):
            published = self._clients.machines.publish_state_machine_version(
                stateMachineArn=self._arn,
                revisionId=latest.get("revisionId") or INITIAL,
                description=f"{OURS}sha256:{digest}",
            )
        return str(published["stateMachineVersionArn"]).rpartition(":")[2]

    def update(self, text: str) -> None:
        """Give the state machine itself another definition; raises what the permit raises.

        Raises `InvalidBundleError` when Step Functions refuses the definition.
        """
        self._permit()
        try:
            with calling("states:UpdateStateMachine", self.name):
                self._clients.machines.update_state_machine(stateMachineArn=self._arn, definition=text)
        except AwsError as error:
            if error.code != INVALID:
                raise
            said = str(error).partition(f"{INVALID}. ")[2] or str(error)
            raise InvalidBundleError(f"{REFUSED}: {said}") from error

    def numbers(self) -> list[str]:
        """The newest versions, newest first; see `LOOKED_AT`."""
        with calling("states:ListStateMachineVersions", self.name):
            found = self._clients.machines.list_state_machine_versions(stateMachineArn=self._arn, maxResults=LOOKED_AT)
        numbers = (one["stateMachineVersionArn"].rpartition(":")[2] for one in found["stateMachineVersions"])
        return sorted(numbers, key=int, reverse=True)

    def is_ours(self, version: str) -> bool:
        """Whether Selfright published the version; False when it is gone."""
        try:
            return str(self.described(version).get("description", "")).startswith(OURS)
        except NotFoundError:
            return False

    def used(self) -> set[str]:
        """The versions to which an alias leads."""
        return {version for routes in self._routes() for version in routes}

    def _routes(self) -> Iterator[list[str]]:
        names: list[str] = []
        more: dict[str, str] = {}
        while True:
            with calling("states:ListStateMachineAliases", self.name):
                found = self._clients.machines.list_state_machine_aliases(stateMachineArn=self._arn, **more)  # type: ignore[arg-type] # the token
            names += [one["stateMachineAliasArn"] for one in found["stateMachineAliases"]]
            if not found.get("nextToken"):
                break
            more = {"nextToken": found["nextToken"]}
        for arn in names:
            with suppress(NotFoundError), calling("states:DescribeStateMachineAlias", self.name):
                alias = self._clients.machines.describe_state_machine_alias(stateMachineAliasArn=arn)
                yield [one["stateMachineVersionArn"].rpartition(":")[2] for one in alias["routingConfiguration"]]

    def delete(self, version: str) -> bool:
        """Delete a version; executions that run on it go on. False when an alias leads to it again."""
        try:
            with calling("states:DeleteStateMachineVersion", f"{self.name}:{version}"):
                self._clients.machines.delete_state_machine_version(stateMachineVersionArn=f"{self._arn}:{version}")
        except (ConflictError, NotFoundError):
            return False
        return True
