"""An application's stack needs only `selfright.cdk` from us, which needs nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"app_artifacts", "benchmarks", "bootstrap_cdk", "controller", "devtools", "selfright"}


def imported(folder: Path) -> Iterator[str]:
    """Every module of ours that the modules of a folder import."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    yield from (one.name for one in names if one.name.partition(".")[0] in OURS)
                case ast.ImportFrom(module=str(module), level=0, names=names) if module.partition(".")[0] in OURS:
                    yield from (f"{module}.{one.name}" for one in names)


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("selfright/cdk", ("selfright.cdk",)),
        ("bootstrap_cdk/smartpack", ("bootstrap_cdk.smartpack", "bootstrap_cdk.settings.SmartPackSettings")),
    ],
)
def test_of_ours_it_imports_only_this(folder: str, allowed: tuple[str, ...]) -> None:
    """SmartPack's stack shows that what users can import is enough."""
    import selfright.cdk  # noqa: PLC0415 - takes long

    public = {f"selfright.cdk.{name}" for name in selfright.cdk.__all__}
    found = set(imported(ROOT / folder))
    assert found
    assert not [name for name in sorted(found - public) if not name.startswith(allowed)]
