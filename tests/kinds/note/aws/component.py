"""The component `note`: texts in a bucket, and a pointer to the live one, moved by the rules of all traffic."""

from collections.abc import Sequence

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.plain import PlainComponent
from controller.aws.components.traffic import MovedByTraffic, Traffic
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.deployment import Revision
from controller.domain.strategy import ALL
from controller.errors import NotFoundError
from tests.kinds.note.rules.artifact import NoteArtifact
from tests.kinds.note.rules.target import NoteTarget


class NoteStore:
    """The objects below the prefix."""

    def __init__(self, clients: Clients, target: NoteTarget) -> None:
        self._clients, self._target = clients, target

    def text(self, name: str) -> str:
        """The text with this name; raises `NotFoundError`."""
        key = f"{self._target.prefix}/{name}"
        with calling("s3:GetObject", key):
            return self._clients.objects.get_object(Bucket=self._target.bucket, Key=key)["Body"].read().decode()

    def write(self, name: str, text: str) -> None:
        """Write a text, over an older one."""
        key = f"{self._target.prefix}/{name}"
        with calling("s3:PutObject", key):
            self._clients.objects.put_object(Bucket=self._target.bucket, Key=key, Body=text.encode())

    def delete(self, name: str) -> None:
        """Delete a text."""
        key = f"{self._target.prefix}/{name}"
        with calling("s3:DeleteObject", key):
            self._clients.objects.delete_object(Bucket=self._target.bucket, Key=key)

    def names(self) -> list[str]:
        """All revisions, newest first."""
        prefix = f"{self._target.prefix}/"
        with calling("s3:ListBucket", prefix):
            found = self._clients.objects.list_objects_v2(Bucket=self._target.bucket, Prefix=prefix).get("Contents", [])
        newest = sorted(found, key=lambda one: one["LastModified"], reverse=True)
        return [one["Key"].removeprefix(prefix) for one in newest if not one["Key"].endswith("/current")]


class NotePointer(Traffic[str]):
    """The pointer to the live text; readers cannot be divided."""

    name = "the note"

    def __init__(self, store: NoteStore) -> None:
        self._store = store

    def read(self) -> str:
        """The revision that the pointer names, "" before the first."""
        try:
            return self._store.text("current")
        except NotFoundError:
            return ""

    def is_at(self, state: str, stable: str, canary: str, weight: int) -> bool:
        """Whether the pointer names the canary at weight 100, or stable below."""
        return state == (canary if weight >= ALL else stable)

    def is_between(self, state: str, stable: str, canary: str) -> bool:
        """Whether the pointer names one of the two."""
        return state in {stable, canary}

    def write(self, state: str, stable: str, canary: str, weight: int, seal: str) -> str | None:
        """One write, without a condition: these tests have no other writers."""
        self._store.write("current", canary if weight >= ALL else stable)
        return None

    def describe(self, state: str) -> str:
        """The revision's id."""
        return state


class NoteComponent(MovedByTraffic[NotePointer], PlainComponent):
    """Implements `ports.Component`."""

    def __init__(self, store: NoteStore, name: str) -> None:
        self._store, self._name, self._traffic = store, name, NotePointer(store)

    def current(self) -> Revision:
        """The revision that the pointer names."""
        return Revision(self._traffic.read())

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision:
        """Write the text under its revision's id."""
        note = NoteArtifact.of(artifact, self._name)
        revision = note.sha256[:12]
        self._store.write(revision, note.read_text(bundle))
        return Revision(revision, note.sha256)

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Check that the text is there."""
        return [CheckResult(f"text of {self._name}", revision.id in self._store.names(), "the texts were listed")]

    def has(self, revision: Revision) -> bool:
        """Whether the text is there; before the first: yes."""
        return not revision.id or revision.id in self._store.names()

    def discard(self, revision: Revision) -> bool:
        """Delete a text, unless it is live."""
        if revision.id == self._traffic.read() or revision.id not in self._store.names():
            return False
        self._store.delete(revision.id)
        return True

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete old texts."""
        names = self._store.names()
        spared = {*names[:count], *(one.id for one in keep), self._traffic.read()}
        gone = [name for name in names if name not in spared]
        for name in gone:
            self._store.delete(name)
        return len(gone)
