"""A Lambda function in an environment; and what all kinds that run on Lambda share."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from controller.domain.components.function.variables import SIZE_ADVICE, VariableName, why_too_large, with_record
from controller.domain.components.target import Target
from controller.domain.durations import Between
from controller.domain.names import Url
from controller.errors import InvalidBundleError

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents

ApiId = Annotated[str, Field(pattern=r"^[a-z0-9]{1,64}$")]


class LambdaTarget(Target):
    """A Lambda function that visitors reach through an alias, at `url`.

    `log_group` is its log group, if that is not Lambda's default. With `provisioned_concurrency`, every version that
    visitors get has this many warm instances; 0 removes those of older releases. Without it, Selfright leaves the
    provisioned concurrency as it is. A release waits for at most `arrives_within` until calls through the alias show a
    change. `api_id` is the HTTP API in front of it, or `rest_api_id` with `rest_api_stage` the REST API and its stage.
    `when_indivisible`: what happens to a release whose version cannot share the alias
    with the live one: it is refused, or all visitors get it at the first step. `when_bypassed`: what happens to a
    release of a function that somebody calls without the alias, and who so runs new code before it is tested.
    `gateway`: a load balancer stands in front of it, instead of an API or a function URL.
    """

    function_name: Annotated[str, Field(min_length=1, max_length=140)]
    alias: str = "live"
    url: Url | None = None
    variables: dict[VariableName, str] = {}
    log_group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./#-]{1,512}$")] | None = None
    provisioned_concurrency: Annotated[int, Field(ge=0, le=10_000)] | None = None
    when_indivisible: Literal["refuse", "at_once"] = "refuse"
    when_bypassed: Literal["refuse", "say"] = "say"
    arrives_within: Annotated[int, Between("1s", "30m")] = 60
    gateway: Literal["load_balancer"] | None = None
    api_id: ApiId | None = None
    rest_api_id: ApiId | None = None
    rest_api_stage: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{1,128})?$")] = ""

    divides_visitors: ClassVar[bool] = True
    measured_by_version: ClassVar[bool] = True
    staged_in_place: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_api(self) -> Self:
        if self.api_id and self.rest_api_id:
            raise ValueError("api_id and rest_api_id: name the one API that visitors use")
        if bool(self.rest_api_id) != bool(self.rest_api_stage):
            raise ValueError("rest_api_id and rest_api_stage belong together: a REST API serves each stage by itself")
        return self

    @property
    def arrival_patience(self) -> timedelta:
        """The timeout of a change of the alias."""
        return timedelta(seconds=self.arrives_within)

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:  # noqa: ARG002 - for other kinds on Lambda
        """The release's variables and the environment's must have room together."""
        if why := why_too_large(with_record({**artifact.variables, **self.variables})):
            raise InvalidBundleError(why, SIZE_ADVICE)

    @property
    def entrance(self) -> str:
        """The alias."""
        return f"{self.function_name}:{self.alias}"

    @property
    def logs(self) -> str:
        """The name of its log group."""
        return self.log_group or f"/aws/lambda/{self.function_name}"

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Its one log group."""
        return (self.logs,)


class FunctionTarget(LambdaTarget):
    """A Lambda function whose code is a zip."""

    kind: Literal["function"]
