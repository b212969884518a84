"""Makes a new version of a function. Nothing here moves traffic: only `$LATEST` changes, which no visitor reaches.

Each step first checks whether it has been done, so a second run, after a failure or at the same time, ends with the
same version: the key of the code is its digest, configuration and code are written only where they differ, and Lambda
publishes no second version while nothing has changed since the last.

Lambda needs seconds for a zip, and minutes for a large image, for a function in a VPC, or for the snapshot of
SnapStart. A call waits for a short time itself; what takes longer is `Pending`, and a later call finds what has been
done.

A read may be older than our own write. The condition of every update is a revision id, so a read with the id on which
an update was conditional is from before it.

The permit is asked for after the last read, right before an update. So nothing lands of a call that comes too late: its
deployment has ended, or somebody has written since it read.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.configuration import Wanted
from controller.domain.deployment import Pending
from controller.errors import AwsError, ConflictError, LedgerConflictError, NotFoundError
from controller.ports.components import always
from controller.seen_again import seen_again, unless_changed

FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0
"""Seconds between two polls of a function that is being updated, at least and at most."""
SHARE = 0.1
"""The next poll comes after this share of the time waited so far, so at most this share is waited unnecessarily."""
OWN_PATIENCE = 30.0
"""Seconds for which a call itself waits for Lambda, for all steps together."""
PATIENCE = 20 * 60
"""Seconds until the deployment gives up waiting."""
OURS = "selfright "
"""The description of every version that Selfright publishes begins with this."""
Configuration: TypeAlias = Mapping[str, Any]


class FunctionStaging:
    """Stages code for one function, for one call of `stage`."""

    def __init__(
        self,
        clients: Clients,
        function_name: str,
        sleep: Callable[[float], None],
        own_patience: float = OWN_PATIENCE,
        permit: Callable[[], object] = always,
    ) -> None:
        """`sleep` waits between two reads; after `own_patience` seconds of that, what is not done is `Pending`.

        `permit` is asked before every update, and raises when there may be none (any more).
        """
        self._clients, self._permit = clients, permit
        self._name, self._sleep, self._own_patience = function_name, sleep, own_patience
        self._waited, self._replaced = 0.0, set[str]()

    def configuration(self, version: str) -> Configuration:
        """The configuration of a version, or of `$LATEST`: one call."""
        with calling("lambda:GetFunctionConfiguration", f"{self._name}:{version}"):
            answer = self._clients.functions.get_function_configuration(FunctionName=self._name, Qualifier=version)
        return dict(answer)

    def known(self, version: str) -> Configuration:
        """The configuration of a version that exists, perhaps only since now."""
        return seen_again(lambda: self.configuration(version), sleep=self._sleep)

    def has(self, version: str) -> bool:
        """Whether the version exists; one call."""
        try:
            self.configuration(version)
        except NotFoundError:
            return False
        return True

    def publish(
        self,
        code: Code,
        wanted: Wanted,
        *,
        again: bool = False,
    ) -> Configuration | Pending:
        """The configuration of the version that has this code and what is wanted; `Pending` while Lambda makes it.

        `again`: an earlier call has begun this, so a failure that is found is its own. Raises `ConflictError` when
        others keep on changing the function at the same time, and what the permit raises.
        """
        source = code.put()
        try:
            return unless_changed(lambda: self._publish(code, wanted, source, again=again), self._sleep)
        except LedgerConflictError:
            raise
        except ConflictError as error:
            raise ConflictError(
                f"Somebody else is updating {self._name}. Release again when they are done. {error}"
            ) from error

    def _publish(
        self,
        code: Code,
        wanted: Wanted,
        source: Mapping[str, Any],
        *,
        again: bool,
    ) -> Configuration | Pending:
        found = self._settled(self.configuration("$LATEST"))
        if isinstance(found, Pending):
            return found
        if again:
            self._successful(found)
        configured = self._configure(found, wanted)
        latest = configured if isinstance(configured, Pending) else self._load(configured, code, source)
        if isinstance(latest, Pending):
            return latest
        version = self._numbered(latest, code)
        if isinstance(version, Pending):
            return version
        if not again and not self._is_usable(version):
            touched = self._touch(latest)
            version = touched if isinstance(touched, Pending) else self._numbered(touched, code)
        return version if isinstance(version, Pending) else self._successful(version)

    def _is_usable(self, version: Configuration) -> bool:
        """Whether an old version can be staged: Lambda answers with the last one, even if it was deleted or failed."""
        try:
            return not _has_failed(self.known(version["Version"]))
        except NotFoundError:
            return False

    def _numbered(self, latest: Configuration, code: Code) -> Configuration | Pending:
        """Publish a version; it may still be in preparation, and cannot be invoked until it is ready."""
        with calling("lambda:PublishVersion", self._name):
            version = self._clients.functions.publish_version(
                FunctionName=self._name,
                CodeSha256=latest["CodeSha256"],
                RevisionId=latest["RevisionId"],
                Description=f"{OURS}sha256:{code.sha256}",
            )
        self._require(version, code)
        return self._settled(dict(version))

    def _touch(self, latest: Configuration) -> Configuration | Pending:
        """Write the same configuration again: then Lambda publishes a new version."""
        return self._update(latest, _as_it_is(latest))

    def _configure(self, latest: Configuration, wanted: Wanted) -> Configuration | Pending:
        changes = wanted.changes(latest)
        return self._update(latest, changes) if changes else latest

    def _seal(self, latest: Configuration) -> None:
        """Write the same configuration again, so that whoever has read it before can write nothing."""
        self._written(latest, _as_it_is(latest))

    def _update(self, latest: Configuration, changes: Mapping[str, Any]) -> Configuration | Pending:
        return self._updated(latest, self._written(latest, changes))

    def _written(self, latest: Configuration, changes: Mapping[str, Any]) -> Configuration:
        self._permit()
        with calling("lambda:UpdateFunctionConfiguration", self._name):
            answer = self._clients.functions.update_function_configuration(
                FunctionName=self._name, RevisionId=latest["RevisionId"], **changes
            )
        return dict(answer)

    def _load(self, latest: Configuration, code: Code, source: Mapping[str, Any]) -> Configuration | Pending:
        if sha256_of(latest) == code.sha256 and not _has_failed(latest):
            return latest
        loaded = self._replace(latest, source)
        if not isinstance(loaded, Pending):
            self._require(loaded, code)
        return loaded

    def _replace(self, latest: Configuration, source: Mapping[str, Any]) -> Configuration | Pending:
        """Give `$LATEST` other code."""
        self._permit()
        with calling("lambda:UpdateFunctionCode", self._name):
            answer = self._clients.functions.update_function_code(
                FunctionName=self._name, RevisionId=latest["RevisionId"], Publish=False, **source
            )
        return self._updated(latest, dict(answer))

    def _updated(self, before: Configuration, answer: Configuration) -> Configuration | Pending:
        """Wait for our own update; raises `AwsError` when it failed."""
        self._replaced.add(before["RevisionId"])
        settled = self._settled(answer)
        return settled if isinstance(settled, Pending) else self._successful(settled)

    def _settled(self, configuration: Configuration) -> Configuration | Pending:
        """Wait until Lambda has finished the last update; its `RevisionId` changes once more when it has.

        A failed update, perhaps of an older release, does no harm here: the next update corrects it.
        """
        while self._is_old(configuration) or _is_changing(configuration):
            if self._waited >= self._own_patience:
                return Pending(f"Lambda prepares {self._name}:{configuration['Version']}", PATIENCE)
            pause = min(max(FIRST_WAIT, SHARE * self._waited), LONGEST_WAIT)
            self._sleep(pause)
            self._waited += pause
            configuration = self.known(configuration["Version"])
        return configuration

    def _is_old(self, configuration: Configuration) -> bool:
        """Whether it was read from before an update of ours."""
        return configuration["Version"] == "$LATEST" and configuration["RevisionId"] in self._replaced

    def _successful(self, configuration: Configuration) -> Configuration:
        if _has_failed(configuration):
            why = configuration.get("LastUpdateStatusReason") or configuration.get("StateReason") or "no reason given"
            raise AwsError(f"Lambda could not update {self._name}: {why} Correct the release or the function.")
        return configuration

    def _require(self, configuration: Configuration, code: Code) -> None:
        if sha256_of(configuration) != code.sha256:
            reason = f"{self._name} does not have the code of the bundle's {code.artifact.artifact}"
            raise AwsError(f"{reason}: somebody else updated it at the same time. Release again when they are done.")


def _as_it_is(configuration: Configuration) -> Mapping[str, Any]:
    """An update that changes nothing but the revision id."""
    return {"Description": configuration.get("Description", "")}


def _has_failed(configuration: Configuration) -> bool:
    return "Failed" in {configuration.get("LastUpdateStatus"), configuration.get("State")}


def _is_changing(configuration: Configuration) -> bool:
    return configuration.get("LastUpdateStatus") == "InProgress" or configuration.get("State") == "Pending"
