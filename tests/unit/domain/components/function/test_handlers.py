"""A handler without a file in the package is remarked on."""

import io

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.function.artifact import FunctionArtifact
from controller.domain.components.function.handlers import remarks_on_handler
from tests.builders import a_bundle, a_zip


@pytest.mark.parametrize(
    ("handler", "runtime", "names"),
    [
        ("app.handler", "python3.13", ["app.py"]),
        ("app.handler", None, ["app.py"]),
        ("src.app.handler", "python3.13", ["src/app.py"]),
        ("src/app.handler", "python3.13", ["src/app.pyc"]),
        ("app.handler", "python3.13", ["app/__init__.py"]),
        ("app.handler", "python3.13", ["app.cpython-313-x86_64-linux-gnu.so"]),
        ("dist/index.handler", "nodejs22.x", ["dist/index.mjs"]),
        ("index.api.handler", "nodejs22.x", ["index.js"]),
        ("app.handler", "ruby3.4", ["app.rb"]),
        ("shop.Api::handle", "java21", ["shop/Api.class"]),
        ("anything", "provided.al2023", ["bootstrap"]),
        ("anything", None, ["bootstrap", "app.py"]),
        ("shop.Api", None, ["shop/Api.class"]),
        ("/opt/nodejs/wrapped.handler", "nodejs22.x", ["index.js"]),
    ],
)
def test_of_a_handler_with_a_file_nothing_is_said(handler: str, runtime: str | None, names: list[str]) -> None:
    """Nor of one in a form that names do not show."""
    assert [*remarks_on_handler(handler, runtime, names)] == []


@pytest.mark.parametrize(
    ("handler", "runtime", "names", "said"),
    [
        ("main.handler", "python3.13", ["app.py"], "no file for the handler 'main.handler', such as main.py:"),
        ("src.app.handler", None, ["app.py"], "such as src.py or src/app.py:"),
        ("index.handler", "nodejs22.x", ["dist/index.js"], "such as index.js:"),
        ("app", "python3.13", ["app.py"], "'app' names no function: Lambda calls `file.function`."),
    ],
)
def test_a_handler_without_a_file_is_said(handler: str, runtime: str | None, names: list[str], said: str) -> None:
    """Every request would fail, unless a layer has it."""
    (remark,) = remarks_on_handler(handler, runtime, names)
    assert said in remark


@pytest.mark.parametrize(("handler", "remarks"), [("main.handler", 1), ("app.handler", 0), (None, 0)])
def test_it_is_said_of_a_bundle(handler: str | None, remarks: int) -> None:
    """A function whose handler is its own is not looked at."""
    bundle = BundleArchive(io.BytesIO(a_bundle(api_code=a_zip({"app.py": b""}))))
    path = bundle.manifest().components["api"].artifact
    assert len([*FunctionArtifact(kind="function", artifact=path, handler=handler).remarks(bundle)]) == remarks
