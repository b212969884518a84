"""A Lambda function in an environment; and what it shares with every kind that runs on Lambda."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.target import Target
from controller.domain.names import Url


class LambdaTarget(Target):
    """A Lambda function that is served through an alias. `url` is where visitors reach it.

    `log_group` is where it logs, if that is not where Lambda would by itself.
    With `provisioned_concurrency`, every version that visitors get has so many warm instances; 0 takes away what older
    releases had. Without it, nobody touches what there is.
    """

    function_name: Annotated[str, Field(min_length=1, max_length=140)]
    alias: str = "live"
    url: Url | None = None
    variables: dict[str, str] = {}
    log_group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./#-]{1,512}$")] | None = None
    provisioned_concurrency: Annotated[int, Field(ge=0, le=10_000)] | None = None

    divides_visitors: ClassVar[bool] = True
    measured_by_version: ClassVar[bool] = True

    @property
    def logs(self) -> str:
        """The name of its log group."""
        return self.log_group or f"/aws/lambda/{self.function_name}"

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Its one log group."""
        return (self.logs,)


class FunctionTarget(LambdaTarget):
    """A Lambda function whose code is a zip. `api_id` is the HTTP API in front, for the restore point."""

    kind: Literal["function"]
    api_id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,64}$")] | None = None
