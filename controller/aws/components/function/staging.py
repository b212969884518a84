"""Makes a new version of a function. Nothing here moves traffic: only `$LATEST` changes, which no visitor reaches.

Each step first checks whether it has been done, so a second run, after a failure or at the same time, ends with the
same version: the key of the code is its digest, configuration and code are written only where they differ, and Lambda
publishes no second version while nothing has changed since the last.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.configuration import Wanted
from controller.errors import AwsError, ConflictError, NotFoundError

FIRST_WAIT, LONGEST_WAIT, PATIENCE = 0.05, 2.0, 180.0
"""Seconds between two polls of a function that is being updated, at least and at most, and until the wait ends."""
SHARE = 0.1
"""The next poll comes after this share of the time waited so far, so at most this share is waited unnecessarily."""
OURS = "selfright "
"""The description of every version that Selfright publishes begins with this."""
ATTEMPTS = 3


class FunctionStaging:
    """Stages code for one function."""

    def __init__(self, clients: Clients, function_name: str, sleep: Callable[[float], None]) -> None:
        """`sleep` waits between two polls."""
        self._clients = clients
        self._name, self._sleep = function_name, sleep

    def configuration(self, version: str) -> Mapping[str, Any]:
        """The configuration of a version, or of `$LATEST`: one call."""
        with calling("lambda:GetFunctionConfiguration", f"{self._name}:{version}"):
            answer = self._clients.functions.get_function_configuration(FunctionName=self._name, Qualifier=version)
        return dict(answer)

    def has(self, version: str) -> bool:
        """Whether the version exists; one call."""
        try:
            self.configuration(version)
        except NotFoundError:
            return False
        return True

    def publish(self, code: Code, wanted: Wanted) -> str:
        """The number of the version that has this code and this configuration.

        Raises `ConflictError` when others keep on changing the function at the same time.
        """
        source = code.put()
        for _ in range(ATTEMPTS - 1):
            with suppress(ConflictError):
                return self._publish(code, wanted, source)
        try:
            return self._publish(code, wanted, source)
        except ConflictError as error:
            raise ConflictError(
                f"Somebody else is updating {self._name}. Release again when they are done. {error}"
            ) from error

    def _publish(self, code: Code, wanted: Wanted, source: Mapping[str, Any]) -> str:
        found = self._waited(self.configuration("$LATEST"))
        latest = self._load(self._configure(found, wanted), code, source)
        version = self._numbered(latest, code)
        if latest is found and not self.has(version):  # Lambda answers with the last one, even if it was deleted.
            version = self._numbered(self._touch(latest), code)
        return version

    def _numbered(self, latest: Mapping[str, Any], code: Code) -> str:
        with calling("lambda:PublishVersion", self._name):
            version = self._clients.functions.publish_version(
                FunctionName=self._name,
                CodeSha256=latest["CodeSha256"],
                RevisionId=latest["RevisionId"],
                Description=f"{OURS}sha256:{code.sha256}",
            )
        self._require(version, code)
        self._settled(dict(version))  # A version may still be in preparation, and cannot be invoked until it is ready.
        return version["Version"]

    def _touch(self, latest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write the same configuration again: then Lambda publishes a new version."""
        with calling("lambda:UpdateFunctionConfiguration", self._name):
            answer = self._clients.functions.update_function_configuration(
                FunctionName=self._name,
                RevisionId=latest["RevisionId"],
                Description=latest.get("Description", ""),
            )
        return self._settled(dict(answer))

    def _configure(self, latest: Mapping[str, Any], wanted: Wanted) -> Mapping[str, Any]:
        changes = wanted.changes(latest)
        if not changes:
            return latest
        with calling("lambda:UpdateFunctionConfiguration", self._name):
            answer = self._clients.functions.update_function_configuration(
                FunctionName=self._name, RevisionId=latest["RevisionId"], **changes
            )
        return self._settled(dict(answer))

    def _load(self, latest: Mapping[str, Any], code: Code, source: Mapping[str, Any]) -> Mapping[str, Any]:
        if sha256_of(latest) == code.sha256 and not _has_failed(latest):
            return latest
        with calling("lambda:UpdateFunctionCode", self._name):
            answer = self._clients.functions.update_function_code(
                FunctionName=self._name, RevisionId=latest["RevisionId"], Publish=False, **source
            )
        loaded = self._settled(dict(answer))
        self._require(loaded, code)
        return loaded

    def _settled(self, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until Lambda has finished our update; raises `AwsError` when it failed."""
        settled = self._waited(configuration)
        if _has_failed(settled):
            why = settled.get("LastUpdateStatusReason") or settled.get("StateReason") or "no reason given"
            raise AwsError(f"Lambda could not update {self._name}: {why} Correct the release or the function.")
        return settled

    def _waited(self, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until Lambda has finished the last update; its `RevisionId` changes once more when it has.

        A failed update, perhaps of an older release, does no harm here: the next update corrects it.
        """
        waited = 0.0
        while _is_changing(configuration):
            if waited >= PATIENCE:
                raise AwsError(
                    f"{self._name} is still being updated after {PATIENCE:.0f} s. Look at it in the console."
                )
            pause = min(max(FIRST_WAIT, SHARE * waited), LONGEST_WAIT)
            self._sleep(pause)
            waited += pause
            configuration = self.configuration(configuration["Version"])
        return configuration

    def _require(self, configuration: Mapping[str, Any], code: Code) -> None:
        if sha256_of(configuration) != code.sha256:
            reason = f"{self._name} does not have the code of the bundle's {code.artifact.artifact}"
            raise AwsError(f"{reason}: somebody else updated it at the same time. Release again when they are done.")


def _has_failed(configuration: Mapping[str, Any]) -> bool:
    return "Failed" in {configuration.get("LastUpdateStatus"), configuration.get("State")}


def _is_changing(configuration: Mapping[str, Any]) -> bool:
    return configuration.get("LastUpdateStatus") == "InProgress" or configuration.get("State") == "Pending"
