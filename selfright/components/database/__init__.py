"""The kind `database`: no release brings it; a new one is made from the snapshot that was taken before one."""
# ruff: noqa: PLC0415 - what it does is imported when it is done

from collections.abc import Iterator, Sequence
from typing import ClassVar

from controller.domain.components.artifact import Artifact
from controller.domain.components.database.target import DatabaseTarget
from selfright.components.kind import Kind, Recovering
from selfright.components.recovered import Recovery


class DatabaseKind(Kind[Artifact, DatabaseTarget]):
    """A database that is in no bundle, though the code that changes may change what is in it."""

    only_by_name: ClassVar[bool] = True

    def stays(self, target: DatabaseTarget) -> Iterator[str]:
        """Everything that the release does to the data."""
        yield (
            f"what the release does to the database {target.identifier} stays; a snapshot is taken first,"
            " and restoring it is a person's command"
        )

    def recoveries(self, recovering: Recovering, target: DatabaseTarget) -> Sequence[Recovery]:
        """A new database from the snapshot."""
        from selfright.components.database.recover import DatabaseRecovery

        return [
            DatabaseRecovery(recovering.clients, recovering.name, target, recovering.document, recovering.deployment_id)
        ]


KIND = DatabaseKind("database")
