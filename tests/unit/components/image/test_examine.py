import pytest

from controller.aws.client.clients import Clients
from controller.errors import NotFoundError
from tests.examining import ExaminedLambda, examined
from tests.unit.aws.fake_lambda import NAME

TARGET = {"kind": "image", "function_name": NAME, "repository": "shop/ai"}


def an_image() -> Clients:
    """A function that runs an image for x86_64."""
    function = ExaminedLambda()
    function.package("0" * 64)
    clients = Clients()
    clients.functions = function  # type: ignore[assignment]
    return clients


def test_the_platform_is_compared_with_the_environments() -> None:
    """An image for another one would not start."""
    assert examined(TARGET, an_image(), "the platform")[0].severity == "ok"
    (found,) = examined({**TARGET, "platform": "linux/arm64"}, an_image(), "the platform")
    assert (found.severity, found.found) == ("problem", "the function runs on x86_64")


def test_the_function_is_examined_as_any_other_but_for_its_package() -> None:
    """It must be of package type Image."""
    assert examined(TARGET, an_image(), "the function")[0].severity == "ok"


def test_the_repository_must_exist(account: None) -> None:
    """By its name in the environment."""
    with pytest.raises(NotFoundError, match="RepositoryNotFoundException"):
        examined(TARGET, an_image(), "the repository")
    Clients().registry.create_repository(repositoryName="shop/ai")
    assert examined(TARGET, an_image(), "the repository")[0].severity == "ok"
