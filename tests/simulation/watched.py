"""Shows the model's monitor every write of the ledger and of a component, as it takes effect."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.model.monitor import Monitor, ViolationError
from tests.simulation.aws.cloudfront import LIVE
from tests.simulation.aws.dynamodb import Change
from tests.simulation.aws.lambdas import _OF_A_VERSION
from tests.simulation.scene import SITE, TABLE, Scene
from tests.simulation.visitors import FUNCTION, PREFIX


class Watched:
    """A scene whose writes the model judges. `violations` are those that it does not allow.

    They are kept and not raised: the code that wrote would take the error for one of AWS.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene, self._monitor = scene, Monitor(self._runs)
        self.violations: list[str] = []
        self._monitor.know(list(scene.ledger.items(TABLE)))
        self._seen = scene.ledger.on_write
        scene.ledger.on_write = self._ledger
        self._alias, self._stage = scene.lambdas._write_alias, scene.routing._put
        self._dropped, self._deleted, self._stored = scene.lambdas._drop, scene.objects._delete, scene.parameters._store
        scene.lambdas._drop, scene.objects._delete, scene.parameters._store = self._drop, self._delete, self._store
        scene.lambdas._write_alias = self._write_alias
        self._latest, scene.lambdas._write_latest = scene.lambdas._write_latest, self._write_latest
        scene.routing._put = self._put

    @property
    def writes(self) -> int:
        """How many writes were judged."""
        return self._monitor.writes

    def _runs(self, execution: str) -> bool:
        return any(one.arn == execution for one in self._scene.workflows.running)

    def _judge(self, show: Callable[..., None], *shown: object) -> None:
        try:
            show(*shown)
        except ViolationError as error:
            self.violations.append(f"the model does not allow it: {error}")

    def _ledger(self, changes: Sequence[Change]) -> None:
        self._seen(changes)
        self._judge(self._monitor.ledger, [(one.before, one.after) for one in changes if one.table == TABLE])

    def _write_alias(self, name: str, found: Any, alias: str, wanted: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the fake's own
        written = self._alias(name, found, alias, wanted)
        self._judge(self._monitor.alias, self._scene.key, "api", str(wanted.get("Description", "")))
        return written

    def _write_latest(self, found: Any, changes: Mapping[str, Any]) -> None:  # noqa: ANN401 - the fake's own
        before = dict(found.latest)
        self._latest(found, changes)
        if before["FunctionName"] == FUNCTION and any(
            before.get(one) != found.latest.get(one) for one in _OF_A_VERSION
        ):
            self._judge(self._monitor.itself, self._scene.key, "api")

    def _drop(self, name: str, found: Any, version: str) -> None:  # noqa: ANN401 - the fake's own
        self._dropped(name, found, version)
        if name == FUNCTION:
            self._judge(self._monitor.deleted, self._scene.key, "api", version)

    def _delete(self, bucket: str, key: str, version: str) -> dict[str, Any]:
        if bucket == SITE and key.startswith("revisions/"):
            self._judge(self._monitor.deleted, self._scene.key, "site", key.split("/")[1])
        return self._deleted(bucket, key, version)

    def _store(self, name: str, versions: Any) -> None:  # noqa: ANN401 - the fake's own
        self._stored(name, versions)
        if versions is None and name.startswith(f"{PREFIX}/revisions/"):
            self._judge(self._monitor.deleted, self._scene.key, "settings", name.split("/")[-2])

    def _put(self, name: str, stage: str, code: bytes, config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the fake's own
        known = self._scene.routing._stages.get((name, stage))
        written = self._stage(name, stage, code, config)
        if stage == LIVE and (known is None or known.code != bytes(code)):  # the same again changes nothing
            self._judge(self._monitor.site, self._scene.key, "site", bytes(code))
        return written
