"""A database in an environment: the instance or cluster of which snapshots are taken."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from controller.domain.components.target import Target
from controller.domain.durations import Between

DatabaseId = Annotated[str, Field(pattern=r"^[A-Za-z](-?[A-Za-z0-9])*$", max_length=63)]


class DatabaseTarget(Target):
    """A database (an RDS instance or an Aurora cluster) of which a snapshot is taken before a deployment.

    It is in no bundle: no release changes it by itself, and no rollback restores it. `snapshot`: `when_changed` skips
    the snapshot when the live release is released again. The newest `keep_snapshots` of Selfright's snapshots are kept.
    When the snapshot is not there after `wait`, the release is refused.
    """

    kind: Literal["database"]
    instance: DatabaseId | None = None
    cluster: DatabaseId | None = None
    snapshot: Literal["always", "when_changed"] = "when_changed"
    keep_snapshots: Annotated[int, Field(ge=1, le=50)] = 5
    wait: Annotated[int, Between("1m", "12h")] = 3600

    in_bundles: ClassVar[bool] = False

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.instance) == bool(self.cluster):
            raise ValueError("names either an `instance` or a `cluster`")
        return self

    @property
    def patience(self) -> timedelta:
        """The timeout of a snapshot."""
        return timedelta(seconds=self.wait)

    @property
    def always_snapshot(self) -> bool:
        """Whether the environment asks for a snapshot before every release."""
        return self.snapshot == "always"

    @property
    def identifier(self) -> str:
        """The id of the instance or the cluster."""
        return self.instance or self.cluster or ""
