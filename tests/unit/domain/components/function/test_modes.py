"""Modes in a function's zip: Lambda runs the code as another user than the one who unpacks it."""

import io

import pytest

from controller.domain.components.function.modes import brings_runtime
from controller.domain.components.function.package import check_package
from controller.errors import InvalidBundleError
from tests.builders import Item, a_zip


def refusal(name: str, mode: int, system: int = 3, runtime: str | None = None) -> str:
    """Why a zip with such an entry is refused."""
    data = a_zip({"app.py": b"x", name: Item(mode=mode, system=system)})
    with pytest.raises(InvalidBundleError) as caught:
        check_package(io.BytesIO(data), "api.zip", own_runtime=brings_runtime(runtime))
    assert "chmod" in caught.value.next_step
    return caught.value.reason


@pytest.mark.parametrize(("name", "mode"), [("lib/x.py", 0o100600), ("x.py", 0o100640), ("x", 0o100000)])
def test_a_file_that_lambda_cannot_read_is_refused_by_name(name: str, mode: int) -> None:
    """With the mode that it has."""
    reason = refusal(name, mode)
    assert reason.startswith(f"'{name}' in 'api.zip' has the mode {mode & 0o7777:04o}, and Lambda runs the code as")


@pytest.mark.parametrize("mode", [0o040700, 0o040744])
def test_a_folder_that_lambda_cannot_enter_is_refused_by_name(mode: int) -> None:
    """It must be able to list it and to enter it."""
    assert "'plugins/' in 'api.zip' has the mode" in refusal("plugins/", mode)


@pytest.mark.parametrize(("mode", "system", "runtime"), [(0o100644, 3, None), (0, 0, "provided.al2023")])
def test_a_bootstrap_that_cannot_be_started_is_refused(mode: int, system: int, runtime: str | None) -> None:
    """Also when the zip was made where there are no modes."""
    assert "'bootstrap' in 'api.zip' is not executable" in refusal("bootstrap", mode, system, runtime)


def test_what_lambda_can_read_is_accepted() -> None:
    """Plain files, folders, programs, and files without a mode, from Windows."""
    items = {
        "app.py": Item(mode=0o100444),
        "bootstrap": Item(mode=0o100755),
        "plugins/": Item(mode=0o040755),
        "win.py": Item(mode=0, system=0),
    }
    check_package(io.BytesIO(a_zip(items)), "api.zip", own_runtime=True)


def test_a_managed_runtime_starts_no_bootstrap() -> None:
    """There it is a file like any other."""
    data = a_zip({"app.py": b"", "bootstrap": Item(mode=0o100644)})
    check_package(io.BytesIO(data), "api.zip", own_runtime=brings_runtime("python3.13"))
