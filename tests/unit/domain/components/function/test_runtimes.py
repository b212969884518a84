"""Runtimes that Lambda no longer updates refuse a release; those that AWS supports no longer are remarked on."""

import io

import pytest
from botocore import session
from pydantic import ValidationError

from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.function.artifact import FunctionArtifact
from controller.domain.components.function.runtimes import CURRENT, DEPRECATED, GONE, why_gone, why_old
from tests.builders import a_bundle


def remarks(runtime: str | None) -> list[str]:
    """What is remarked on a function of this runtime."""
    artifact = FunctionArtifact(kind="function", artifact="api.zip", runtime=runtime)
    return list(artifact.remarks(BundleArchive(io.BytesIO(a_bundle()))))


@pytest.mark.parametrize("runtime", sorted(GONE))
def test_a_runtime_that_is_gone_cannot_be_released(runtime: str) -> None:
    """Lambda would refuse the update."""
    with pytest.raises(ValidationError, match="is gone: Lambda has refused to update functions with it since"):
        FunctionArtifact(kind="function", artifact="api.zip", runtime=runtime)
    assert why_gone(runtime)


@pytest.mark.parametrize("runtime", sorted(DEPRECATED))
def test_a_deprecated_runtime_is_remarked_on(runtime: str) -> None:
    """It still runs, and can be updated."""
    assert remarks(runtime) == [why_old(runtime)]
    assert why_gone(runtime) == ""


@pytest.mark.parametrize("runtime", [*sorted(CURRENT), None])
def test_of_a_current_runtime_nothing_is_said(runtime: str | None) -> None:
    """Nor of none."""
    assert remarks(runtime) == []


def test_an_unknown_runtime_is_remarked_on() -> None:
    """It may be misspelt, or newer than this list, so it is not refused."""
    (said,) = remarks("python3.33")
    assert said.startswith("The runtime python3.33 is not known to this version of Selfright")
    assert said.endswith("Is python3.13 meant?")


def test_every_runtime_of_the_installed_botocore_is_known() -> None:
    """A new one is added here when botocore is updated."""
    known = getattr(session.get_session().get_service_model("lambda").shape_for("Runtime"), "enum")  # noqa: B009 - it is untyped
    assert {*known} - {"custom"} <= GONE.keys() | DEPRECATED.keys() | CURRENT
