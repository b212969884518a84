"""What every kind of component is in an environment: where it runs, and what its release may rely on."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from controller.domain.components.otherwise import Otherwise

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents


class Target(BaseModel):
    """Where a component runs. Each kind is a subclass with `kind: Literal[…]`, in a folder of its own.

    `takes_long`: changing it takes minutes, so it is asked again and again until it is done. What takes long moves no
    visitors: an alarm does not wait for it, and on the way back it comes after the others. `divides_visitors`: a share
    of them can be sent to a canary. `measured_by_version`: CloudWatch tells the requests of each revision.
    `in_bundles`: releases bring it; otherwise it is only kept safe before one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, ignored_types=(Otherwise,))

    kind: str

    takes_long: ClassVar[bool] = False
    divides_visitors: ClassVar[bool] = False
    measured_by_version: ClassVar[bool] = False
    in_bundles: ClassVar[bool] = True

    if TYPE_CHECKING:

        @property
        def url(self) -> str | None:
            """Where visitors reach it, if they do."""

        @property
        def variables(self) -> Mapping[str, str]:
            """The environment variables that take the place of the bundle's; none, unless its kind has such a key."""
    else:
        url = Otherwise(None)
        variables = Otherwise({})

    @property
    def patience(self) -> timedelta:
        """Within which a change or a snapshot of it must be done; nothing for what does not take long."""
        return timedelta()

    @property
    def always_kept_safe(self) -> bool:
        """Whether a snapshot is taken also before a release that changes nothing, of what no bundle brings."""
        return False

    @property
    def log_groups(self) -> tuple[str, ...]:
        """The names of the log groups that it writes to."""
        return ()

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:
        """Raise `InvalidBundleError` when the environment cannot take this artifact, which is of the same kind."""
