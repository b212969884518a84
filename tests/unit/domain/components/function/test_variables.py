"""Lambda's rules for environment variables, with Selfright's own additions counted."""

import io

import pytest
from pydantic import TypeAdapter, ValidationError

from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.function.artifact import FunctionArtifact
from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.function.variables import VariableName, why_too_large, with_record
from controller.errors import InvalidBundleError
from tests.builders import a_bundle

FORTY = {f"FEATURE_{number:02}": "x" * 91 for number in range(40)}
"""4,040 bytes of names and values: less than the limit, until they are counted as Lambda counts them."""


def test_variables_are_counted_as_lambda_counts_them() -> None:
    """As JSON, with our record of their names."""
    room = 4096 - len('{"AA":""}')
    assert why_too_large({"AA": "x" * room}) == ""
    assert why_too_large({"AA": "x" * (room + 1)}).startswith("the environment variables take 4,097 bytes, and Lambda")
    assert why_too_large({"AA": "ü" * (room // 2 + 1)})
    assert "take 4,745 bytes with Selfright's own, and Lambda allows 4,096" in why_too_large(with_record(FORTY))


def test_the_environments_variables_are_counted_with_the_releases() -> None:
    """Each alone has room; where they have the same name, the environment's counts."""
    artifact = FunctionArtifact(kind="function", artifact="api.zip", variables={"ONE": "x" * 2500, "SAME": "y" * 1500})
    bundle = BundleArchive(io.BytesIO(a_bundle()))
    same = FunctionTarget(kind="function", function_name="f", variables={"SAME": "z"})
    same.require_fit(artifact, bundle)
    target = FunctionTarget(kind="function", function_name="f", variables={"TWO": "x" * 2500})
    with pytest.raises(InvalidBundleError, match="the environment variables take"):
        target.require_fit(artifact, bundle)


@pytest.mark.parametrize("name", ["X", "1X", "_X", "A-B", "AWS_REGION", "LAMBDA_TASK_ROOT", "SELFRIGHT_SETTINGS", ""])
def test_names_that_lambda_refuses_are_refused(name: str) -> None:
    """In a bundle and in an environment."""
    with pytest.raises(ValidationError):
        FunctionArtifact(kind="function", artifact="api.zip", variables={name: "1"})
    with pytest.raises(ValidationError):
        FunctionTarget(kind="function", function_name="f", variables={name: "1"})


@pytest.mark.parametrize(
    "name", ["XY", "x1", "AWS_LAMBDA_EXEC_WRAPPER", "AWS_XRAY_CONTEXT_MISSING", "LAMBDA_X", "PATH"]
)
def test_names_that_lambda_accepts_are_accepted(name: str) -> None:
    """Not everything that begins with `AWS_` belongs to Lambda: wrappers and tracing are set so."""
    assert TypeAdapter(VariableName).validate_python(name) == name
