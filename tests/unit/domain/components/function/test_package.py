"""A function's own zip: its limits are Lambda's, not the bundle's."""

import io
import tracemalloc
from collections.abc import Iterable
from contextlib import suppress

import pytest

from controller.domain.components.function.package import check_package
from controller.errors import InvalidBundleError
from tests.builders import a_zip
from tests.zips import of_empty_entries

CODE = {"app.py": b"def handler(event, context): ..."}


def refusal(files: dict[str, bytes], **limits: int) -> str:
    """Why the zip is refused."""
    with pytest.raises(InvalidBundleError) as caught:
        check_package(io.BytesIO(a_zip(files)), "api.zip", **limits)
    return str(caught.value)


def test_a_zip_of_code_is_accepted() -> None:
    """A plain zip raises no error."""
    check_package(io.BytesIO(a_zip(CODE)), "api.zip")


def test_a_zip_that_lambda_would_not_unpack_is_refused() -> None:
    """Size and count are limited, and an empty zip has no code."""
    assert "'api.zip' unpacks to" in refusal(CODE, max_unpacked=10)
    assert "'api.zip' has 1 entries" in refusal(CODE, max_files=0)
    assert "is empty: the function has no code" in refusal({})


LONG = "🎒" + "x" * 170
HOSTILE = {
    "380 folders deep": ("/".join([f"{number}", *["a"] * 380]) for number in range(5000)),
    "64 folders deep": ("/".join(f"{number:x}{depth:x}" for depth in range(64)) for number in range(8000)),
    "many folders": (f"{number:x}/{number:x}/{number:x}/a" for number in range(50_000)),
    "long names": (f"{number:06}{LONG}" for number in range(50_000)),
    "the longest names": (f"{number:06}{LONG * 5}"[:890] for number in range(14_000)),
}


@pytest.mark.slow
@pytest.mark.parametrize("names", HOSTILE.values(), ids=HOSTILE)
def test_no_names_fill_the_memory(names: Iterable[str]) -> None:
    """However many, deep and long they are: what is kept of them is bounded."""
    package = of_empty_entries(name.encode() for name in names)
    tracemalloc.start()
    try:
        with suppress(InvalidBundleError):
            check_package(io.BytesIO(package), "api.zip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - len(package) < 128_000_000  # BytesIO's own copy counts, too


def test_a_zip_of_too_many_or_too_deep_folders_is_refused() -> None:
    """Every folder counts, also those without an entry of their own."""
    with pytest.raises(InvalidBundleError, match="more than 50,000 folders"):
        check_package(io.BytesIO(of_empty_entries(f"{one:x}/{one:x}/a".encode() for one in range(26_000))), "api.zip")
    assert "nested more than 64 folders deep" in refusal({"a/" * 64 + "b": b""})
    check_package(io.BytesIO(a_zip({"a/" * 63 + "b": b""})), "api.zip")
