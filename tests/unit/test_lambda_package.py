"""The controller's Lambda package, built without a registry."""

from pathlib import Path

import pytest

from selfright import lambda_package
from selfright.lambda_package import PackageError


def test_a_package_is_built_again_only_when_its_code_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own code and the dependencies are cached by content; test code and lock files stay outside."""
    installed: list[Path] = []
    monkeypatch.setattr(lambda_package, "_install", lambda draft, *_: installed.append(draft))
    code = tmp_path / "controller" / "domain" / "x.py"
    code.parent.mkdir(parents=True)
    code.write_text("A = 1")
    (tmp_path / "controller" / "requirements.lock").write_text("a==1")

    def build() -> Path:
        return lambda_package.build(lambda_package.AWS, tmp_path, tmp_path / "cache")

    first = build()
    assert build() == first
    assert [path.name for path in first.rglob("*") if path.is_file()] == ["x.py"]
    code.write_text("A = 2")
    assert build() != first
    assert len(installed) == 1


def test_a_package_that_cannot_be_built_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever builds it reads what went wrong, without a traceback."""

    def fail(*_: object) -> Path:
        raise PackageError("Check the network.")

    monkeypatch.setattr(lambda_package, "build", fail)
    assert lambda_package.main(["arm64"]) == 1
    assert capsys.readouterr().err == "Check the network.\n"
