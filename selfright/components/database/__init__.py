"""The kind `database`: no release contains it; recovery creates a new one from the snapshot taken before a release."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Iterator, Sequence
from typing import ClassVar

from controller.domain.components.artifact import Artifact
from controller.domain.components.database.target import DatabaseTarget
from selfright.components.examined import Examination, Examining
from selfright.components.kind import Kind, Recovering
from selfright.components.recovered import Recovery


class DatabaseKind(Kind[Artifact, DatabaseTarget]):
    """A database: no bundle contains it, but the code of a release may change its data."""

    only_by_name: ClassVar[bool] = True

    def stays(self, target: DatabaseTarget) -> Iterator[str]:
        """What the release does to the data stays."""
        yield (
            f"changes that the release makes to the database {target.identifier} stay; a snapshot is taken first,"
            " and a person must restore it by command"
        )

    def examine(self, examining: Examining, target: DatabaseTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.database.examine import DatabaseExaminer

        return DatabaseExaminer(examining, target).examinations()

    def recoveries(self, recovering: Recovering, target: DatabaseTarget) -> Sequence[Recovery]:
        """A new database from the snapshot."""
        from selfright.components.database.recover import DatabaseRecovery

        return [
            DatabaseRecovery(recovering.clients, recovering.name, target, recovering.document, recovering.deployment_id)
        ]


KIND = DatabaseKind("database")
