"""The controller's Lambda package, built without a registry."""

import ast
import marshal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfright import byte_code, lambda_package
from selfright.lambda_package import AWS, SERVICES, PackageError, advice, host

ROOT = Path(__file__).parents[2]
UNCHECKED = 1
"""The flags of byte code that goes by a hash and is never compared with its source."""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A repository with one module."""
    code = tmp_path / "controller" / "domain" / "x.py"
    code.parent.mkdir(parents=True)
    code.write_text("A = 1")
    (tmp_path / "controller" / "requirements.lock").write_text("a==1")
    return code


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders into which dependencies would have been installed."""
    found: list[Path] = []
    monkeypatch.setattr(lambda_package, "_install", lambda draft, *_: found.append(draft))
    return found


def files(package: Path) -> list[str]:
    """The names of a package's files."""
    return sorted(path.name for path in package.rglob("*") if path.is_file())


def test_a_package_is_built_again_only_when_its_code_changes(
    sources: Path, installed: list[Path], tmp_path: Path
) -> None:
    """Our own code and the dependencies are cached by content; test code and lock files stay outside."""

    def build() -> Path:
        return lambda_package.build(host(), tmp_path, tmp_path / "cache")

    first = build()
    assert build() == first
    assert files(first) == [f"x.cpython-{sys.version_info.major}{sys.version_info.minor}.pyc", "x.py"]
    sources.write_text("A = 2")
    assert build() != first
    assert len(installed) == 1


def test_a_service_more_installs_the_dependencies_anew(
    sources: Path, installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In those of before, its description was thrown away."""
    first = lambda_package.build(host(), tmp_path, tmp_path / "cache")
    monkeypatch.setattr(lambda_package, "SERVICES", SERVICES | {"braket"})
    assert lambda_package.build(host(), tmp_path, tmp_path / "cache") != first
    assert len(installed) == 2


def test_byte_code_is_never_compared_with_its_source(sources: Path, installed: list[Path], tmp_path: Path) -> None:
    """Times of files change on their way to AWS; no path of this machine is kept."""
    package = lambda_package.build(host(), tmp_path, tmp_path / "cache")
    (compiled,) = package.rglob("*.pyc")
    content = compiled.read_bytes()
    assert int.from_bytes(content[4:8], "little") == UNCHECKED
    assert marshal.loads(content[16:]).co_filename == "controller/domain/x.py"  # noqa: S302 - our own
    assert advice(package, host()) == ""
    assert installed


def test_without_a_fitting_python_the_package_says_what_is_missing(
    sources: Path, installed: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works without byte code, only slower; it is built again as soon as such a Python is there."""
    with monkeypatch.context() as patched:
        patched.setattr(byte_code, "_candidates", lambda _: iter([sys.executable, "/nowhere/python"]))
        other = lambda_package.Runtime("3.9", "x86_64-manylinux2014")
        plain = lambda_package.build(other, tmp_path, tmp_path / "cache")
    assert files(plain) == ["x.py"]
    assert "uv python install 3.9" in advice(plain, other)
    monkeypatch.setattr(byte_code, "_answer", lambda command: "cpython 3.9" if byte_code.WHO in command else "")
    assert lambda_package.interpreter("3.9") == sys.executable
    assert (sources.exists(), len(installed)) == (True, 1)


def test_only_an_interpreter_of_the_same_version_compiles() -> None:
    """Byte code of another Python would never be read."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert byte_code.interpreter(own) == sys.executable
    assert byte_code.interpreter("2.6") is None


def test_the_package_describes_every_service_that_the_controller_calls() -> None:
    """Botocore's descriptions of four hundred others stay at home."""
    assert {service for file in (ROOT / "controller").rglob("*.py") for service in called(file)} <= SERVICES


def called(file: Path) -> Iterator[str]:
    """The services of which a module makes clients."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"client", "_client", "create_client"}:
                yield str(node.args[0].value)


def test_a_package_that_cannot_be_built_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever builds it reads what went wrong, without a traceback."""

    def fail(*_: object) -> Path:
        raise PackageError("Check the network.")

    monkeypatch.setattr(lambda_package, "build", fail)
    assert lambda_package.main(["arm64"]) == 1
    assert capsys.readouterr().err == "Check the network.\n"


def test_the_package_is_built_for_the_runtime_of_the_stack() -> None:
    """Byte code and compiled extensions are of exactly one version of Python."""
    settings = (ROOT / "bootstrap_cdk" / "settings.py").read_text()
    assert f'python_runtime: str = "python{AWS.python}"' in settings
