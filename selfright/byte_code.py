"""Compiles the modules of a folder for the Python that will run them.

A Lambda function cannot write beside its code: what is not compiled beforehand, it compiles at every cold start. The
byte code is that of one version of Python, so it takes an interpreter of that version, and it is never checked against
the source, because both arrive in one package.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from uv import find_uv_bin

WHO = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])"
"""What an interpreter is asked; an answer like `cpython 3.13` fits the byte code's name."""


def interpreter(version: str) -> str | None:
    """An installed CPython of this version, such as `3.13`; None if there is none. Nothing is downloaded."""
    return next((found for found in _candidates(version) if _answer([found, "-c", WHO]) == f"cpython {version}"), None)


def compile_folder(folder: Path, version: str) -> bool:
    """Compile all modules of a folder for a version of Python; False if no such Python is installed.

    A module that cannot be compiled is left as it is: if it is ever imported, that says why.
    """
    python = interpreter(version)
    if python is None:
        return False
    mode = ["--invalidation-mode", "unchecked-hash", "-s", str(folder)]  # no path of this machine gets into it
    command = [python, "-m", "compileall", "-q", *mode, str(folder)]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, check=False, capture_output=True)
    return is_compiled(folder, version)


def is_compiled(folder: Path, version: str) -> bool:
    """Whether a folder has byte code for this version of Python."""
    name = f"*.cpython-{version.replace('.', '')}.pyc"
    return next(folder.rglob(name), None) is not None


def _candidates(version: str) -> Iterator[str]:
    """Where such an interpreter may be: this one, on PATH, kept by pyenv, kept by uv."""
    yield sys.executable
    name = f"python{version}"
    if found := shutil.which(name):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"), reverse=True))
    if found := _answer([find_uv_bin(), "python", "find", "--managed-python", "--no-python-downloads", version]):
        yield found


def _answer(command: list[str]) -> str:
    """What a program says; "" if it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
