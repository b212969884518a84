"""Symbolic links in a function's zip: they lead to something else in the zip."""

import io

import pytest

from controller.domain.components.function.package import check_package
from controller.errors import InvalidBundleError
from tests.builders import Item, a_zip
from tests.zips import altered

LINK = 0o120777


def zipped(links: dict[str, str | bytes]) -> bytes:
    """A zip with a module in a folder, and these links."""
    targets = {path: target if isinstance(target, bytes) else target.encode() for path, target in links.items()}
    return a_zip(
        {"lib/one/i.js": b"x", "lib/two/": Item(mode=0o40755)}
        | {path: Item(one, mode=LINK) for path, one in targets.items()}
    )


def refusal(data: bytes) -> str:
    """Why the zip is refused."""
    with pytest.raises(InvalidBundleError) as caught:
        check_package(io.BytesIO(data), "api.zip")
    assert caught.value.next_step
    return caught.value.reason


@pytest.mark.parametrize(
    "links",
    [
        {"a": "lib/one/i.js"},
        {"a": "lib"},
        {"a": "lib/two"},
        {"a": "./lib//one/../one"},
        {"lib/two/a": "../one"},
        {"a": "b", "b": "lib"},
        {"a": "b/one", "b": "lib"},
        {"lib/one/two": "../two", "lib/three": "one/two"},
    ],
)
def test_a_link_to_something_in_the_zip_is_accepted(links: dict[str, str | bytes]) -> None:
    """Files, folders, empty folders, and other links."""
    check_package(io.BytesIO(zipped(links)), "api.zip")


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ({"a": "/etc/passwd"}, "the symbolic link 'a' in 'api.zip', to '/etc/passwd', leads out of the package"),
        ({"lib/a": "../../x"}, "leads out of the package"),
        ({"a": "b/../../x", "b": "lib/one"}, "leads nowhere"),
        ({"a": "b/x", "b": "/etc"}, "leads out of the package"),
        ({"a": "lib/three"}, "leads nowhere"),
        ({"a": "a"}, "leads in a circle"),
        ({"a": "b", "b": "a"}, "leads in a circle"),
        ({"lib/one/a": "../../lib"}, "leads in a circle"),
        ({"a": "."}, "leads in a circle"),
        ({"a": b"\xff"}, "not valid UTF-8"),
        ({"a": "x" * 1025}, "a path of 1,025 bytes"),
        ({"a": ""}, "a path of 0 bytes"),
        ({"a\n": "lib"}, "control or invisible characters"),
    ],
)
def test_any_other_link_is_refused_by_name(links: dict[str, str | bytes], reason: str) -> None:
    """Out of the zip, to nothing, back to itself, or to what is no path."""
    assert reason in refusal(zipped(links))


def test_nothing_is_unpacked_through_a_link() -> None:
    """A file in a folder that is a link would be written elsewhere."""
    data = a_zip({"a": Item(b"lib", mode=LINK), "lib/x": b"", "a/evil.py": b""})
    assert "collides" in refusal(data)


def test_a_link_with_a_wrong_checksum_is_refused() -> None:
    """What the directory says of it holds."""
    assert "checksum" in refusal(altered(zipped({"link": "lib"}), "link", crc=1))


def test_endless_ways_are_refused() -> None:
    """Many links through many links end in bounded time."""
    links: dict[str, str | bytes] = {f"l{number}": f"l{number + 1}/" + "./" * 500 for number in range(39)}
    links |= {f"m{number}": "l5" for number in range(2_000)} | {"l39": "lib"}
    assert "is one of too many" in refusal(zipped(links))
