"""The proxy does to a call what the plan says, and nothing to any other; shown with the SDK that the product uses."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from tests.chaos.plan import Kind, Trouble
from tests.chaos.proxy import Proxy

GIVES_UP = 2.0
SOON = 10.0


class Aws(ThreadingHTTPServer):
    """Executes every request and remembers it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.executed: list[str] = []
        self.bodies: list[bytes] = []


class Handler(BaseHTTPRequestHandler):
    """Answers as DynamoDB and S3 do to what these tests send."""

    server: Aws

    def do_POST(self) -> None:
        """A call of DynamoDB."""
        self.server.executed.append(self.headers["X-Amz-Target"].rpartition(".")[2])
        self._answer(b"{}")

    def do_PUT(self) -> None:
        """An upload to S3."""
        self.server.executed.append(f"PUT {self.path}")
        self._answer(b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Something that takes requests."""
    with Aws() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def killed() -> list[int]:
    """The ports whose processes were killed."""
    return []


@pytest.fixture
def proxy(aws: Aws, killed: list[int]) -> Iterator[Proxy]:
    """A proxy before it."""
    with Proxy(aws.server_port, killed.append).running() as proxy:
        yield proxy


@pytest.fixture
def dynamodb(proxy: Proxy) -> Iterator[BaseClient]:
    """A client that tries twice and gives up soon."""
    client = made("dynamodb", proxy)
    yield client
    client.close()


def made(service: str, proxy: Proxy) -> Any:  # noqa: ANN401 - any client
    """A client of this service."""
    config = Config(read_timeout=GIVES_UP, retries={"mode": "standard", "total_max_attempts": 2})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=proxy.url, config=config, **keys)


def suffer(proxy: Proxy, kind: Kind, **more: Any) -> None:  # noqa: ANN401 - any field
    """Begin a trouble."""
    proxy.weather.now = [Trouble(kind, 0, 60, **more)]


def write(client: Any) -> None:  # noqa: ANN401 - any client
    """A call that changes something."""
    client.update_item(TableName="t", Key={"pk": {"S": "a"}})


def read(client: Any) -> None:  # noqa: ANN401 - any client
    """A call that changes nothing."""
    client.get_item(TableName="t", Key={"pk": {"S": "a"}})


def until(condition: Callable[[], bool]) -> bool:
    """Wait for another thread."""
    end = time.monotonic() + SOON
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_without_troubles_everything_gets_through(proxy: Proxy, aws: Aws, dynamodb: BaseClient) -> None:
    """Reads, writes, and bodies that wait for a 100."""
    write(dynamodb)
    read(dynamodb)
    s3 = made("s3", proxy)
    s3.put_object(Bucket="b", Key="k", Body=b"x" * 100_000)
    s3.close()
    assert aws.executed == ["UpdateItem", "GetItem", "PUT /b/k"]
    assert b"x" * 1000 in aws.bodies[-1]
    assert [line.partition(" ")[2] for line in proxy.calls] == [
        "dynamodb:UpdateItem 200",
        "dynamodb:GetItem 200",
        "s3:PUT /b/k 200",
    ]


@pytest.mark.parametrize("kind", ["lost reply", "torn reply"])
def test_a_lost_reply_is_executed_and_tried_again(proxy: Proxy, aws: Aws, dynamodb: BaseClient, kind: Kind) -> None:
    """The caller does not know that its write was made, so it makes it twice."""
    suffer(proxy, kind, most=1)
    write(dynamodb)
    assert aws.executed == ["UpdateItem", "UpdateItem"]


@pytest.mark.parametrize("kind", ["cut", "unavailable", "throttled"])
def test_a_refused_call_is_not_executed(proxy: Proxy, aws: Aws, dynamodb: BaseClient, kind: Kind) -> None:
    """Whether the connection breaks or an error is answered; the next attempt gets through."""
    suffer(proxy, kind, most=1)
    write(dynamodb)
    assert aws.executed == ["UpdateItem"]
    assert [one.kind for one in proxy.suffered] == [kind]


def test_throttling_has_the_name_that_the_service_gives_it(proxy: Proxy, dynamodb: BaseClient) -> None:
    """The SDK understands it as it understands AWS's."""
    suffer(proxy, "throttled")
    with pytest.raises(ClientError) as caught:
        write(dynamodb)
    assert caught.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"


def test_a_late_write_lands_after_the_attempt_that_got_through(proxy: Proxy, aws: Aws, dynamodb: BaseClient) -> None:
    """The first attempt is on its way while the second one is done."""
    suffer(proxy, "late", most=1, each=60)
    write(dynamodb)
    assert (aws.executed, proxy.flying) == (["UpdateItem"], 1)
    assert proxy.land() == 1
    assert (aws.executed, proxy.flying) == (["UpdateItem", "UpdateItem"], 0)


def test_a_held_write_lands_after_its_caller_gave_up(proxy: Proxy, aws: Aws, dynamodb: BaseClient) -> None:
    """All attempts of the call fail; other calls do not; then it lands by itself."""
    suffer(proxy, "held", most=1, each=3)
    with pytest.raises(BotoCoreError):
        write(dynamodb)
    assert aws.executed == []
    read(dynamodb)
    assert aws.executed == ["GetItem"]
    assert until(lambda: aws.executed == ["GetItem", "UpdateItem"])


def test_reads_are_not_held(proxy: Proxy, aws: Aws, dynamodb: BaseClient) -> None:
    """A read that lands late changes nothing, so it is left alone."""
    suffer(proxy, "held", each=60)
    read(dynamodb)
    assert aws.executed == ["GetItem"]


@pytest.mark.parametrize(("kind", "executed"), [("killed before", 0), ("killed after", 2)])
def test_the_caller_is_killed_before_or_after_its_call(
    proxy: Proxy, aws: Aws, killed: list[int], kind: Kind, executed: int
) -> None:
    """It is named by the port from which it called. This one survives and tries again."""
    suffer(proxy, kind)
    client = made("dynamodb", proxy)
    with pytest.raises(BotoCoreError):
        write(client)
    client.close()
    assert (len(killed), len(aws.executed)) == (2, executed)


def test_a_delayed_call_is_answered(proxy: Proxy, aws: Aws, dynamodb: BaseClient) -> None:
    """Only later."""
    suffer(proxy, "delay", each=0.1)
    began = time.monotonic()
    write(dynamodb)
    assert time.monotonic() - began >= 0.1
    assert aws.executed == ["UpdateItem"]


@pytest.mark.parametrize(
    ("how", "error"), [("refused", BotoCoreError), ("unavailable", ClientError), ("silent", ReadTimeoutError)]
)
def test_an_outage_hits_one_service(
    proxy: Proxy, aws: Aws, dynamodb: BaseClient, how: str, error: type[Exception]
) -> None:
    """No call of it gets through, each of another service does, and all do when it is over."""
    suffer(proxy, "outage", service="dynamodb", how=how)
    with pytest.raises(error):
        write(dynamodb)
    s3 = made("s3", proxy)
    s3.put_object(Bucket="b", Key="k", Body=b"")
    s3.close()
    proxy.heal()
    write(dynamodb)
    assert aws.executed == ["PUT /b/k", "UpdateItem"]


def test_a_service_that_comes_back_breaks_what_waited_for_it(proxy: Proxy) -> None:
    """A caller that waits in silence does not wait for ever: after the outage it can try again at once."""
    config = Config(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 2})
    client = boto3.client("dynamodb", "us-east-1", endpoint_url=proxy.url, config=config)
    suffer(proxy, "outage", service="dynamodb", how="silent")
    timer = threading.Timer(0.3, proxy.heal)
    timer.start()
    write(client)
    timer.join()
    client.close()
    assert json.dumps(proxy.calls).count("UpdateItem 200") == 1


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any will do."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
