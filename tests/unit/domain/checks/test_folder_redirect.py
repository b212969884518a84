import pytest

from controller.domain.checks.check import Answer
from controller.domain.checks.folder_redirect import folder_of

URL = "https://shop.example/docs"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", ["/docs/", "https://shop.example/docs/", "docs/"])
def test_the_way_to_the_folder_is_followed(status: int, location: str) -> None:
    """However the host writes it."""
    assert folder_of(URL, Answer(status, headers={"location": location})) == "https://shop.example/docs/"


def test_the_query_stays() -> None:
    """It is the same request."""
    assert folder_of(f"{URL}?a=1", Answer(301, headers={"location": "/docs/?a=1"})) == f"{URL}/?a=1"


@pytest.mark.parametrize(
    ("url", "status", "location"),
    [
        (URL, 200, "/docs/"),
        (URL, 301, "/login"),
        (URL, 301, "https://elsewhere.example/docs/"),
        (URL, 301, "http://shop.example/docs/"),
        (URL, 301, "/docs/?next=1"),
        (f"{URL}/", 301, "/docs//"),
        (URL, 301, ""),
    ],
)
def test_no_other_redirect_is_followed(url: str, status: int, location: str) -> None:
    """Another page, another host or another query is another answer, which the check must see."""
    assert folder_of(url, Answer(status, headers={"location": location} if location else {})) == ""
