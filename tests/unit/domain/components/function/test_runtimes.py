"""Runtimes that Lambda no longer updates refuse a release; those that AWS supports no longer are remarked on."""

import io

import pytest
from pydantic import ValidationError

from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.function.artifact import FunctionArtifact
from controller.domain.components.function.runtimes import DEPRECATED, GONE, why_gone, why_old
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


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs24.x", "provided.al2023", "python4.0", None])
def test_of_any_other_runtime_nothing_is_said(runtime: str | None) -> None:
    """Also of those that are newer than this list, and of none."""
    assert remarks(runtime) == []
