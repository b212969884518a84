"""An environment's configuration: where an application runs, and how carefully it is changed.

CDK writes it into the SSM parameter `/selfright/<application>/<environment>`; the keys that SAM users know keep
their names (`deployment_preference: {type, alarms, hooks}`).
"""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from controller.domain.strategy import Preference, steps_of

MINUTE, DAY = 60, 24 * 3600
FINE_PERIODS = {1, 5, 10, 20, 30}
"""Besides whole minutes, CloudWatch divides time into these seconds."""
LONGEST = 13 * DAY
"""The workflow itself ends after 14 days."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
DatabaseId = Annotated[str, Field(pattern=r"^[A-Za-z](-?[A-Za-z0-9])*$", max_length=63)]
SecretId = Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@:-]{1,2048}$")]
_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+){1,8}")
_PREFIX_LENGTH = 200
_TAKEN = {"selfright"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _own_prefix(prefix: str) -> str:
    if not _PREFIX.fullmatch(prefix) or len(prefix) > _PREFIX_LENGTH:
        raise ValueError("must be a path like '/shop/prod/settings', of at most 8 parts and 200 characters")
    if prefix.split("/")[1].lower() in _TAKEN or prefix.lower().startswith(("/aws", "/ssm")):
        raise ValueError("cannot be in /aws, /ssm or /selfright: these are not the application's own")
    return prefix


class TargetBase(_Strict):
    """Where a component runs. `takes_long`: changing it takes minutes, so it is asked again and again until it is done.

    What takes long moves no visitors: an alarm does not wait for it, and on the way back it comes after the others.
    """

    takes_long: ClassVar[bool] = False


class LambdaTarget(TargetBase):
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

    @property
    def logs(self) -> str:
        """The name of its log group."""
        return self.log_group or f"/aws/lambda/{self.function_name}"


class FunctionTarget(LambdaTarget):
    """A Lambda function whose code is a zip. `api_id` is the HTTP API in front, for the restore point."""

    kind: Literal["function"]
    api_id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,64}$")] | None = None


class ImageTarget(LambdaTarget):
    """A Lambda function whose code is a container image. `repository` is the ECR repository's name."""

    kind: Literal["image"]
    repository: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{1,255}$")]
    platform: Literal["linux/amd64", "linux/arm64"] = "linux/amd64"


class SiteTarget(TargetBase):
    """A bucket behind CloudFront whose routing function chooses the revision.

    `distribution_id` is CloudFront's distribution, for the restore point.
    """

    kind: Literal["site"]
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    routing_function: Annotated[str, Field(min_length=1, max_length=64)]
    url: Url | None = None
    fallback: str = "/index.html"
    distribution_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = None
    divides_visitors: ClassVar[bool] = True


class ParametersTarget(TargetBase):
    """SSM parameters below a prefix: `<prefix>/current` names the revision, `<prefix>/revisions/<id>/` has it.

    Visitors do not reach them, and cannot be divided between two revisions of them.
    """

    kind: Literal["parameters"]
    prefix: Annotated[str, AfterValidator(_own_prefix)]
    url: ClassVar[None] = None
    divides_visitors: ClassVar[bool] = False


class DatabaseTarget(TargetBase):
    """A database (an RDS instance or an Aurora cluster) of which a snapshot is taken before a deployment.

    It is in no bundle: no release changes it by itself, and no rollback restores it. `snapshot`: `when_changed` leaves
    it out when the release that is live already is released again. `keep_snapshots` of ours are kept;
    after `wait_minutes` without a snapshot the release is refused.
    """

    kind: Literal["database"]
    instance: DatabaseId | None = None
    cluster: DatabaseId | None = None
    snapshot: Literal["always", "when_changed"] = "when_changed"
    keep_snapshots: Annotated[int, Field(ge=1, le=50)] = 5
    wait_minutes: Annotated[int, Field(ge=1, le=720)] = 60
    url: ClassVar[None] = None
    divides_visitors: ClassVar[bool] = False

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.instance) == bool(self.cluster):
            raise ValueError("names either an `instance` or a `cluster`")
        return self

    @property
    def identifier(self) -> str:
        """The instance's or the cluster's."""
        return self.instance or self.cluster or ""


class StackTarget(TargetBase):
    """A CloudFormation stack, which the first release creates if it is not there.

    `role_arn` is the role that CloudFormation makes the changes with. `allow_replacement` and `allow_deletion` name the
    stateful resources (by logical id, or `*`) that a release may replace or delete. `timeout_minutes` bounds one way,
    forward or back. `parameters` take the place of the bundle's.
    """

    kind: Literal["stack"]
    stack_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")]
    role_arn: Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$")]
    capabilities: list[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]] = []
    parameters: dict[str, str] = {}
    allow_replacement: list[str] = []
    allow_deletion: list[str] = []
    timeout_minutes: Annotated[int, Field(ge=1, le=600)] = 60
    url: ClassVar[None] = None
    divides_visitors: ClassVar[bool] = False
    takes_long: ClassVar[bool] = True


Target = Annotated[
    FunctionTarget | ImageTarget | SiteTarget | ParametersTarget | DatabaseTarget | StackTarget,
    Field(discriminator="kind"),
]


class Limits(_Strict):
    """What no release may exceed, however bad stable is itself; what is not given is not limited.

    A limit is exceeded when it is in both windows, of `short_seconds` and of `long_seconds`: the long one says that it
    is not a passing moment, the short one that it still goes on. `error_rate` is a share (0 to 1) of the requests,
    `p99_ms` the duration that one request in a hundred may exceed, `minimum_successes` how many requests must succeed
    within the long window.
    """

    error_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    p99_ms: Annotated[float, Field(gt=0)] | None = None
    minimum_successes: Annotated[int, Field(ge=0)] = 0
    short_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    long_seconds: Annotated[int, Field(ge=1, le=6 * 3600)] = 300

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return bool(self.error_rate or self.p99_ms or self.minimum_successes)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.short_seconds > self.long_seconds:
            raise ValueError("short_seconds must not be longer than long_seconds")
        return self


class Synthetic(_Strict):
    """Whether requests may be sent when visitors send too few: at most so many `requests` in a step; 0 sends none."""

    requests: Annotated[int, Field(ge=0, le=2000)] = 0


class JudgePolicy(_Strict):
    """How the canary is judged.

    `alpha` is the chance (0 to 1) that a deployment of a good release is rolled back by the judge, all evaluations,
    components and steps together. `evaluate_every` between two evaluations; `period_seconds` is the metrics' resolution
    (CloudWatch's Lambda metrics: 60), and a period counts when it has been over for `settle` (default: as long
    as a period). With fewer than `minimum_requests` on the canary in a step there is no verdict. `promote_early` ends a
    bake as soon as the canary is certainly at most `tolerance` (a difference of error rates, 0 to 1) worse than stable.
    """

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    evaluate_every: Annotated[int, Field(ge=1, le=3600)] = 60
    period_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    settle: Annotated[int, Field(ge=0, le=3600)] | None = None
    minimum_requests: Annotated[int, Field(ge=0)] = 20
    when_inconclusive: Literal["pause", "roll_back"] = "roll_back"
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.01
    promote_early: bool = False
    limits: Limits = Limits()
    synthetic: Synthetic = Synthetic()

    @field_validator("period_seconds")
    @classmethod
    def _known_to_cloudwatch(cls, value: int) -> int:
        if value % MINUTE and value not in FINE_PERIODS:
            raise ValueError("must be 1, 5, 10, 20, 30 or a multiple of 60: CloudWatch has no other periods")
        return value

    @property
    def settled_seconds(self) -> int:
        """For how long a period must have been over before it counts."""
        return self.period_seconds if self.settle is None else self.settle


class Environment(_Strict):
    """One environment of one application.

    `allow_private_urls`: the checks may ask addresses that are not public. `hook_timeout_seconds`: how long a hook may
    take to answer. `restore_point_export`: whether a deployment is refused when the configuration that is live cannot
    be exported (`required`), goes on (`attempted`), or does not try (`off`).
    """

    application: Name
    environment: Name
    components: Annotated[dict[Name, Target], Field(min_length=1)]
    secrets: dict[Name, SecretId] = {}
    deployment_preference: Preference = Preference()
    final_bake: Annotated[int, Field(ge=0, le=7 * DAY)] = 300
    hook_timeout_seconds: Annotated[int, Field(ge=10, le=1800)] = 300
    judge: JudgePolicy = JudgePolicy()
    keep_revisions: Annotated[int, Field(ge=2, le=50)] = 5
    allow_private_urls: bool = False
    restore_point_export: Literal["required", "attempted", "off"] = "required"

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        *before, last = steps_of(self.deployment_preference, self.final_bake)
        longest = sum(2 * step.bake for step in before) + last.bake
        if longest > LONGEST:
            raise ValueError(
                f"the bakes of its {len(before) + 1} steps, each extended once, take {longest // DAY} days;"
                f" a deployment may take {LONGEST // DAY}: use fewer steps or shorter bakes"
            )
        return self

    @property
    def databases(self) -> dict[str, DatabaseTarget]:
        """The databases by their names; they are in no bundle."""
        return {name: one for name, one in self.components.items() if isinstance(one, DatabaseTarget)}

    @property
    def key(self) -> str:
        """`application/environment`."""
        return f"{self.application}/{self.environment}"
