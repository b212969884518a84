"""CloudFront functions in Node.js."""

from collections.abc import Iterator

import pytest

from controller.domain.components.site.routing import RoutingTable, render
from selfright.local.edge.node import Node

EVENT = {"viewer": {"ip": "198.51.100.1"}, "request": {"uri": "/", "headers": {}}}


@pytest.fixture
def node() -> Iterator[Node]:
    """A process, which ends with the test."""
    node = Node()
    yield node
    node.close()


def test_the_routing_function_runs_as_it_is_published(node: Node) -> None:
    """Its own code chooses the folder; code that was published later chooses another one."""
    for revision in ("aaa", "bbb"):
        result = node.run(render(RoutingTable(stable=revision)).decode(), EVENT)
        assert result["uri"] == f"/revisions/{revision}/index.html"


def test_a_function_can_answer_by_itself(node: Node) -> None:
    """A response in place of the request."""
    code = "function handler(event) { return {statusCode: 418, body: event.request.uri}; }"
    assert node.run(code, EVENT) == {"statusCode": 418, "body": "/"}


def test_a_function_that_throws_is_an_error_and_the_next_one_runs(node: Node) -> None:
    """One bad publication does not end the process."""
    with pytest.raises(RuntimeError, match="as wished"):
        node.run("function handler() { throw new Error('as wished'); }", EVENT)
    assert node.run("function handler(event) { return event.request; }", EVENT) == EVENT["request"]


def test_a_process_that_has_died_is_started_again(node: Node) -> None:
    """The call on which it died fails; the next one does not."""
    node.run("function handler(event) { return event.request; }", EVENT)
    assert node._process
    node._process.kill()
    node._process.wait()
    assert node.run("function handler(event) { return event.request; }", EVENT) == EVENT["request"]
