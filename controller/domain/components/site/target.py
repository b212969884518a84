"""A site in an environment: the bucket with its files, and the function that chooses the revision."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.target import Target
from controller.domain.durations import Between
from controller.domain.names import Url


class SiteTarget(Target):
    """A bucket behind CloudFront whose routing function chooses the revision.

    `distribution_id` is CloudFront's distribution, for the restore point and to know when it is deployed. A release
    waits for at most `arrives_within` until a publication has arrived at the edge locations.
    """

    kind: Literal["site"]
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    routing_function: Annotated[str, Field(min_length=1, max_length=64)]
    url: Url | None = None
    fallback: str = "/index.html"
    distribution_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")] | None = None

    arrives_within: Annotated[int, Between("1s", "30m")] = 300

    divides_visitors: ClassVar[bool] = True

    @property
    def arrival_patience(self) -> timedelta:
        """The timeout of a publication."""
        return timedelta(seconds=self.arrives_within)
