"""Making a new version of a function. Nothing here moves traffic: only `$LATEST` changes, and nobody is sent there.

Every step looks first whether it has been done, so running it again, after a failure or beside itself, ends with the
same version: the artifact lies under its own digest, configuration and code are written only where they differ, and
Lambda publishes no second version of what has not changed since the last.
"""

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from controller.aws.calls import Clients, calling
from controller.aws.function_configuration import Wanted
from controller.domain.archive import BundleArchive
from controller.domain.manifest import FunctionArtifact
from controller.errors import AwsError, ConflictError, NotFoundError

FIRST_WAIT, LONGEST_WAIT, PATIENCE = 0.05, 2.0, 180.0
"""Seconds between two looks at a function that is being updated, at least and at most, and until it is given up."""
SHARE = 0.1
"""What part of the time that it has waited already it waits until the next look: so much is waited in vain at most."""
OURS = "selfright "
"""How the description of every version of ours begins."""
ATTEMPTS = 3


class FunctionStaging:
    """Stages one artifact after the other for one function."""

    def __init__(self, clients: Clients, function_name: str, bucket: str, sleep: Callable[[float], None]) -> None:
        """`bucket` has the staging area; `sleep` waits between two looks."""
        self._clients = clients
        self._name, self._bucket, self._sleep = function_name, bucket, sleep

    def configuration(self, version: str) -> Mapping[str, Any]:
        """The configuration of a version, or of `$LATEST`: one call."""
        with calling("lambda:GetFunctionConfiguration", f"{self._name}:{version}"):
            answer = self._clients.functions.get_function_configuration(FunctionName=self._name, Qualifier=version)
        return dict(answer)

    def publish(self, artifact: FunctionArtifact, wanted: Wanted, bundle: BinaryIO) -> str:
        """The number of the version that has this code and this configuration.

        Raises `ConflictError` when others keep on changing the function at the same time.
        """
        key = self._store(artifact, bundle)
        for _ in range(ATTEMPTS - 1):
            with suppress(ConflictError):
                return self._publish(artifact, wanted, key)
        return self._publish(artifact, wanted, key)

    def _publish(self, artifact: FunctionArtifact, wanted: Wanted, key: str) -> str:
        latest = self._settled(self.configuration("$LATEST"))
        latest = self._configure(latest, wanted)
        latest = self._load(latest, artifact, key)
        with calling("lambda:PublishVersion", self._name):
            version = self._clients.functions.publish_version(
                FunctionName=self._name,
                CodeSha256=code_sha256(artifact),
                RevisionId=latest["RevisionId"],
                Description=f"{OURS}{artifact.digest}",
            )
        self._require(version, artifact)
        self._settled(dict(version))  # A version may still be made ready, and cannot be invoked until then.
        return version["Version"]

    def _store(self, artifact: FunctionArtifact, bundle: BinaryIO) -> str:
        """Copy the artifact to the staging area, under its digest, unless it is there; the key.

        S3 compares the digest while it writes, so nothing else can ever lie there. The copy is streamed.
        """
        key = f"staging/{artifact.sha256}.zip"
        try:
            with calling("s3:GetObject", f"{self._bucket}/{key}"):
                self._clients.objects.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            digest = code_sha256(artifact)
            with BundleArchive(bundle).stream(artifact.artifact) as body, calling("s3:PutObject", key):
                self._clients.objects.put_object(Bucket=self._bucket, Key=key, Body=body, ChecksumSHA256=digest)
        return key

    def _configure(self, latest: Mapping[str, Any], wanted: Wanted) -> Mapping[str, Any]:
        changes = wanted.changes(latest)
        if not changes:
            return latest
        with calling("lambda:UpdateFunctionConfiguration", self._name):
            answer = self._clients.functions.update_function_configuration(
                FunctionName=self._name, RevisionId=latest["RevisionId"], **changes
            )
        return self._settled(dict(answer))

    def _load(self, latest: Mapping[str, Any], artifact: FunctionArtifact, key: str) -> Mapping[str, Any]:
        if latest["CodeSha256"] == code_sha256(artifact):
            return latest
        with calling("lambda:UpdateFunctionCode", self._name):
            answer = self._clients.functions.update_function_code(
                FunctionName=self._name,
                S3Bucket=self._bucket,
                S3Key=key,
                RevisionId=latest["RevisionId"],
                Publish=False,
            )
        loaded = self._settled(dict(answer))
        self._require(loaded, artifact)
        return loaded

    def _settled(self, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until Lambda has finished the last update; its `RevisionId` changes once more when it has."""
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
        if "Failed" in {configuration.get("LastUpdateStatus"), configuration.get("State")}:
            why = configuration.get("LastUpdateStatusReason") or configuration.get("StateReason") or "no reason given"
            raise AwsError(f"Lambda could not update {self._name}: {why} Correct the release or the function.")
        return configuration

    def _require(self, configuration: Mapping[str, Any], artifact: FunctionArtifact) -> None:
        if configuration["CodeSha256"] != code_sha256(artifact):
            reason = f"{self._name} has other code than the bundle's {artifact.artifact}"
            raise AwsError(f"{reason}: somebody else updated it at the same time. Release again when they are done.")


def code_sha256(artifact: FunctionArtifact) -> str:
    """The artifact's digest as Lambda and S3 write it: base64."""
    return base64.b64encode(bytes.fromhex(artifact.sha256)).decode()


def _is_changing(configuration: Mapping[str, Any]) -> bool:
    return configuration.get("LastUpdateStatus") == "InProgress" or configuration.get("State") == "Pending"
