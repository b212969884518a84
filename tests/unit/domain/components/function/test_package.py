"""A function's own zip: its limits are Lambda's, not the bundle's."""

import io

import pytest

from controller.domain.components.function.package import check_package
from controller.errors import InvalidBundleError
from tests.builders import a_zip

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
