"""Edge locations: each learns of a publication at its own time, and keeps what it has seen, errors too."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.aws.components.site.routing import COMMENT, RUNTIME
from controller.domain.components.site.routing import PUBLICATION_PATH, RoutingTable, render
from tests.simulation.aws.cloudfront import CloudFront
from tests.simulation.aws.s3 import S3
from tests.simulation.weather.edges import EDGES, Edges, kept_for
from tests.simulation.weather.told import Told

START = datetime(2030, 1, 1, tzinfo=UTC)
FUNCTION, BUCKET, DISTRIBUTION = "routing", "site-bucket", "E1"
ONE, TWO = RoutingTable(stable="one"), RoutingTable(stable="two")
ANYBODY = 5000


@dataclass
class Site:
    """A site whose routing function is published; a test moves the time."""

    weather: Told
    seconds: float = 0
    edges: Edges = field(init=False)

    def __post_init__(self) -> None:
        def now() -> datetime:
            return START + timedelta(seconds=self.seconds)

        self.objects, self.routing = S3(now), CloudFront(now)
        self.objects.create_bucket(Bucket=BUCKET)
        for revision in ("one", "two"):
            self.put(f"revisions/{revision}/index.html", revision)
        config = {"Comment": COMMENT, "Runtime": RUNTIME}
        made = self.routing.create_function(Name=FUNCTION, FunctionConfig=config, FunctionCode=render(ONE))
        self.routing.publish_function(Name=FUNCTION, IfMatch=made["ETag"])
        self.routing.distributions[DISTRIBUTION] = {}
        self.edges = Edges(
            lambda: self.seconds, self.weather, self.routing, self.objects, function=FUNCTION, bucket=BUCKET
        )

    def put(self, key: str, text: str, cache_control: str = "no-cache") -> None:
        """Upload a file."""
        self.objects.put_object(Bucket=BUCKET, Key=key, Body=text.encode(), CacheControl=cache_control)

    def publish(self, table: RoutingTable) -> None:
        """Let the routing function have this table."""
        config = {"Comment": COMMENT, "Runtime": RUNTIME}
        updated = self.routing.update_function(
            Name=FUNCTION, IfMatch=self.routing.etag(FUNCTION), FunctionConfig=config, FunctionCode=render(table)
        )
        etag = updated["ResponseMetadata"]["HTTPHeaders"]["etag"]
        self.routing.publish_function(Name=FUNCTION, IfMatch=etag)

    def shown(self, moment: float, path: str = "/") -> list[str]:
        """What each edge answers at a moment."""
        self.seconds = moment
        answers = [self.edges.get(edge, path, ANYBODY) for edge in range(EDGES)]
        return [answer.body.decode() if answer.status == 200 else str(answer.status) for answer in answers]

    def status(self, moment: float) -> str:
        """What the distribution says of itself."""
        self.seconds = moment
        status: str = self.routing.get_distribution(Id=DISTRIBUTION)["Distribution"]["Status"]
        return status


def test_each_edge_runs_a_published_function_from_a_time_of_its_own_on() -> None:
    """The others answer as before."""
    site = Site(Told(edge_learns=[10, 20, 30, 40, 50]))
    site.publish(TWO)
    assert site.shown(9) == ["one"] * 5
    assert site.shown(25) == ["two", "two", "one", "one", "one"]
    assert site.shown(50) == ["two"] * 5


def test_an_edge_never_goes_back_to_an_older_function() -> None:
    """It may learn of the second publication before the first one."""
    site = Site(Told(edge_learns=[100, 100, 100, 100, 100, 10]))
    site.publish(replace(ONE, canary="two", weight=1))
    site.publish(TWO)
    assert site.shown(20) == site.shown(200) == ["two"] * 5
    assert site.edges.arrivals.arrived(0) == 10


def test_a_distribution_may_be_deployed_before_its_last_edge_has_the_function() -> None:
    """`Deployed` is what AWS says, and no promise for each edge."""
    site = Site(Told(edge_learns=[10, 10, 10, 10, 90], distribution_deployed=60))
    site.publish(TWO)
    assert (site.status(59), site.status(60)) == ("InProgress", "Deployed")
    assert site.shown(61)[-1] == "one"
    assert site.edges.arrivals.arrived(0) == 90


def test_a_weight_divides_the_visitors_of_an_edge_that_knows_it() -> None:
    """`visitor` is the routing function's bucket."""
    site = Site(Told())
    site.publish(replace(ONE, canary="two", weight=10))
    assert [site.edges.get(0, "/", visitor).body for visitor in (999, 1000)] == [b"two", b"one"]


def test_the_placeholder_answers_503_until_an_edge_knows_a_revision() -> None:
    """Nothing is cached of it: the function answers itself."""
    site = Site(Told(edge_learns=[0, 30]))
    site.publish(RoutingTable())
    site.shown(40)
    site.publish(ONE)
    assert site.shown(41) == ["503"] * 5
    assert site.shown(71) == ["one"] * 5


def test_the_reserved_path_is_answered_with_the_publication_that_an_edge_has() -> None:
    """By the routing function itself, also where no revision has been released."""
    site = Site(Told(edge_learns=[0, 30, 30, 30, 30]))
    site.publish(TWO)
    shown = [json.loads(text)["publication"] for text in site.shown(10, PUBLICATION_PATH)]
    assert shown == [TWO.publication, *[ONE.publication] * 4]


def test_an_edge_keeps_an_error_for_a_while() -> None:
    """A file that is there by now is still missing for its visitors."""
    site = Site(Told(error_cached=10))
    assert site.shown(0, "/new.js") == ["403"] * 5
    site.put("revisions/one/new.js", "here")
    assert site.shown(9, "/new.js") == ["403"] * 5
    assert site.shown(10, "/new.js") == ["here"] * 5


def test_an_edge_keeps_a_file_for_as_long_as_that_says() -> None:
    """A deleted file is still answered by who has it; a page is asked for each time."""
    site = Site(Told())
    site.put("revisions/one/app.js", "pack", "max-age=60")
    site.edges.get(0, "/app.js", ANYBODY)
    site.objects.delete_object(Bucket=BUCKET, Key="revisions/one/app.js")
    assert site.shown(59, "/app.js") == ["pack", "403", "403", "403", "403"]
    assert site.shown(61, "/app.js") == ["403"] * 5
    site.objects.delete_object(Bucket=BUCKET, Key="revisions/one/index.html")
    assert site.shown(70) == ["403"] * 5


@pytest.mark.parametrize(
    ("said", "seconds"), [("no-cache", 0), ("public, max-age=31536000, immutable", 31_536_000), ("", 86_400)]
)
def test_a_files_cache_control_is_understood(said: str, seconds: int) -> None:
    """What says nothing is kept for a day."""
    assert kept_for(said) == seconds
