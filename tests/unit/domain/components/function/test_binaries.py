"""Compiled files are for the function's processor, or a release of them is refused."""

import io

import pytest

from controller.domain.components.function.binaries import why_not_on, why_useless_on
from controller.domain.zip.directory import read_directory
from tests.builders import Item, a_zip

X86, ARM, RISCV = 62, 183, 243


def elf(machine: int, *, width: int = 2) -> bytes:
    """The beginning of a compiled file, and more."""
    head = b"\x7fELF" + bytes([width, 1, 1]) + bytes(9) + (3).to_bytes(2, "little") + machine.to_bytes(2, "little")
    return head + bytes(100)


def why(architecture: str, **files: bytes | Item) -> str:
    """Why a zip with these files would not run; `_` stands for `/` or a dot."""
    names = {"so": "lib/_fast.abi3.so", "so2": "lib/libx.so.2", "node": "a/b.node", "bootstrap": "bootstrap"}
    data = a_zip({"app.py": b"x", **{names.get(name, name): one for name, one in files.items()}})
    package = io.BytesIO(data)
    return why_not_on(architecture, package, read_directory(package, "'api.zip'", 100), "'api.zip'")


def test_a_library_for_another_processor_is_found_by_name() -> None:
    """With both processors."""
    said = "'lib/_fast.abi3.so' in 'api.zip' is compiled for x86_64, and the function runs on arm64"
    assert why("arm64", so=elf(X86)) == said
    assert why("x86_64", node=elf(ARM)).startswith("'a/b.node' in 'api.zip' is compiled for arm64")
    assert why("arm64", so2=elf(X86)) != ""


def test_libraries_for_several_processors_are_fine() -> None:
    """Packages bring one for each, and take the right one."""
    assert why("arm64", so=elf(X86), node=elf(ARM)) == ""


def test_a_bootstrap_for_another_processor_cannot_start() -> None:
    """Whatever is beside it; one that is a script may be for any."""
    assert why("arm64", bootstrap=elf(X86), so=elf(ARM)).startswith("'bootstrap' in 'api.zip' is compiled for x86_64")
    assert why("arm64", bootstrap=elf(ARM), so=elf(X86)) != ""
    assert why("arm64", bootstrap=b"#!/bin/sh\nexec ./run\n") == ""


@pytest.mark.parametrize(
    "name", ["charset_normalizer/md", "charset_normalizer/md__mypyc", "markupsafe/_speedups", "yaml/_yaml"]
)
def test_what_a_package_does_without_is_no_reason(name: str) -> None:
    """Python does not see it on another processor, and takes what is beside it: so run Flask and requests."""
    tagged = f"{name}.cpython-313-x86_64-linux-gnu.so"
    data = a_zip({"app.py": b"x", tagged: elf(X86), "charset_normalizer/md.py": b"x"})
    package = io.BytesIO(data)
    assert why_not_on("arm64", package, read_directory(package, "a", 100), "a") == ""


TAGGED = "cpython-313-x86_64-linux-gnu.so"
UNUSED: dict[str, dict[str, bytes | Item]] = {
    "node": {"node_modules/cpu-features/build/Release/cpu.node": elf(X86), "app.js": b"require('fs')"},
    "scoped": {"node_modules/@a/b-linux-x64/b.node": elf(X86), "app.js": b"require('fs')",
               "node_modules/@a/b-linux-x64/index.js": b"require('@a/b-linux-x64')"},
    "python": {f"numpy/core/_m.{TAGGED}": elf(X86), "numpy/__init__.py": b"import numpy.core",
               "numpy.libs/libblas.so": elf(X86), "app.py": b"import json",
               "numpy-2.0.dist-info/RECORD": f"numpy/core/_m.{TAGGED},sha256=a,9\nnumpy.libs/libblas.so,,\n".encode()},
    "a module": {f"_cffi_backend.{TAGGED}": elf(X86), "app.py": b"import json",
                 "cffi-1.0.dist-info/RECORD": f"_cffi_backend.{TAGGED},,\n".encode()},
}  # fmt: skip
USED: dict[str, dict[str, bytes | Item]] = {
    "node": {"node_modules/bcrypt/b.node": elf(X86), "lib/a.js": b'const b = require("bcrypt")'},
    "bundled": {"node_modules/bcrypt/b.node": elf(X86), "dist/a.mjs": b'import b from"bcrypt/promises"'},
    "put together": {"node_modules/@img/sharp-linux-x64/s.node": elf(X86),
                     "node_modules/sharp/lib.js": b"require(`@img/sharp-${platform}/sharp.node`)"},
    "python": {f"numpy/core/_m.{TAGGED}": elf(X86), "numpy/__init__.py": b"", "app.py": b"from numpy import array",
               "numpy-2.0.dist-info/RECORD": f"numpy/core/_m.{TAGGED},,".encode()},
    "compiled": {f"numpy/core/_m.{TAGGED}": elf(X86), "numpy/__init__.py": b"", "app.pyc": b"\x00numpy\x00",
                 "numpy-2.0.dist-info/RECORD": f"numpy/core/_m.{TAGGED},,".encode()},
    "the handler": {f"app.{TAGGED}": elf(X86), "helpers.py": b"import json"},
    "its own package": {f"shop/app.{TAGGED}": elf(X86), "shop/__init__.py": b"", "x-1.dist-info/RECORD": b"x.py,,"},
    "the application's": {"build/Release/addon.node": elf(X86), "app.js": b""},
    "a folder of libraries": {"lib/libvips.so": elf(X86), "app.py": b""},
}  # fmt: skip


@pytest.mark.parametrize("files", UNUSED.values(), ids=UNUSED)
def test_what_nothing_imports_refuses_nothing_and_is_said(files: dict[str, bytes | Item]) -> None:
    """It cannot fail; whether it matters is for people to know."""
    package = io.BytesIO(a_zip(files))
    directory = read_directory(package, "a", 100)
    assert why_not_on("arm64", package, directory, "a") == ""
    assert "nothing in the package imports it" in why_useless_on("arm64", package, directory)
    assert why_useless_on("x86_64", package, directory) == ""


@pytest.mark.parametrize("files", USED.values(), ids=USED)
def test_what_is_imported_or_may_be_refuses(files: dict[str, bytes | Item]) -> None:
    """The message names the file."""
    package = io.BytesIO(a_zip(files))
    directory = read_directory(package, "a", 100)
    assert why_not_on("arm64", package, directory, "a").startswith(f"'{next(iter(files))}' in 'a'".replace("'a'", "a"))
    assert why_useless_on("arm64", package, directory) == ""


def test_what_a_package_needs_is_a_reason() -> None:
    """Nothing is beside it."""
    files = {
        "app.py": b"import pydantic_core",
        "pydantic_core/__init__.py": b"x",
        "pydantic_core/_pydantic_core.cpython-313-x86_64-linux-gnu.so": elf(X86),
    }
    package = io.BytesIO(a_zip(files))
    assert "is compiled for x86_64" in why_not_on("arm64", package, read_directory(package, "a", 100), "a")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x7fELF", elf(RISCV), elf(X86, width=1), b"GROUP ( libc.so.6 )" * 4, Item(b"lib/x.so", mode=0o120777)],
)
def test_what_is_no_code_for_lambda_says_nothing(data: bytes | Item) -> None:
    """Too short, for other processors, scripts of a linker, links."""
    assert why("arm64", so=data) == ""
