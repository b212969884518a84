"""Builds the folder that becomes the controller's Lambda package: `controller/` and its dependencies.

For the local AWS it is built for this machine's Python, for AWS for the runtime's: uv installs for another platform.
The cache by content is `.selfright/packages/` (for an installed package, a folder in the user's cache). Dependencies
and our own code are cached separately, so a change of code costs only a copy.

In a clone, this prints the folder of the package for AWS (`./dev package` runs it; an installed Selfright builds the
package by `python -m selfright.bootstrap`):

    python -m selfright.lambda_package [x86_64|arm64]
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from controller.errors import SelfrightError
from selfright.byte_code import compile_folder, interpreter, is_compiled
from selfright.disk import DiskFullError, disk
from selfright.layout import HOME, ROOT

KEPT = 8
"""So many packages of our own code stay in the cache: the newest ones."""

LAYOUT = "2"
"""Part of every cache key: raise it when this module makes folders differently."""

LOCK = Path("controller") / "requirements.lock"
NOT_NEEDED = (
    *("bin", ".lock", "*.dist-info", "**/tests", "**/__pycache__", "**/*.pyi", "**/*.pyx", "**/py.typed"),
    "aws_lambda_powertools/event_handler",  # the controller has no web routes
    "aws_lambda_powertools/utilities/data_classes",
    "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/[!_j]*",
    "pydantic/v1",
    "botocore/data/*/*/examples-1*",
)
"""Files that the controller's Lambdas never read."""

SERVICES = frozenset(
    {
        *("apigateway", "apigatewayv2", "cloudformation", "cloudfront", "cloudwatch", "dynamodb", "ecr", "events"),
        *("lambda", "pipes", "rds", "s3", "scheduler", "secretsmanager", "sns", "ssm", "stepfunctions", "sts"),
    }
)
"""The services that the controller calls: botocore is in the package, with the descriptions of these alone."""


class PackageError(SelfrightError):
    """The Lambda package could not be built."""


@dataclass(frozen=True)
class Runtime:
    """The Python and the platform that a package is built for."""

    python: str
    """Such as `3.13`."""
    platform: str | None = None
    """uv's name of a foreign platform, such as `x86_64-manylinux2014`; None for this machine."""


AWS = Runtime("3.13", "x86_64-manylinux2014")
AWS_ARM = Runtime("3.13", "aarch64-manylinux2014")


def host() -> Runtime:
    """This machine's own Python, which runs the Lambdas of the local AWS."""
    return Runtime(f"{sys.version_info.major}.{sys.version_info.minor}")


def build(runtime: Runtime, repository: Path = ROOT, cache: Path = HOME / "packages") -> Path:
    """The folder of the controller's package for a runtime; built if it does not exist.

    Raises:
        PackageError: the dependencies could not be installed; the message holds uv's output.
        DiskFullError: the disk is full.
    """
    with disk():
        cache.mkdir(parents=True, exist_ok=True)
        dependencies = _dependencies(runtime, repository, cache)
        compiled = "compiled" if interpreter(runtime.python) else "plain"
        key = _digest(_sources(repository), [dependencies.name, compiled])
        folder = _once(cache / f"controller-{key}", lambda draft: _assemble(draft, dependencies, repository, runtime))
        _delete_old(cache, folder)
        return folder


def advice(package: Path, runtime: Runtime) -> str:
    """What would make this package better; "" if nothing would."""
    if is_compiled(package, runtime.python):
        return ""
    return (
        f"No Python {runtime.python} is installed here, so the controller's package has no byte code: its functions "
        f"compile it at every cold start. Install one (uv python install {runtime.python}), then build it again.\n"
    )


def _delete_old(cache: Path, folder: Path) -> None:
    """Keep the newest packages, because another process may still read one that was used recently."""
    os.utime(folder)
    others = sorted(cache.glob("controller-????????????????"), key=lambda one: one.stat().st_mtime)
    for old in others[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _dependencies(runtime: Runtime, repository: Path, cache: Path) -> Path:
    lock = repository / LOCK
    wanted = [LAYOUT, runtime.python, str(runtime.platform), platform.platform() if runtime.platform is None else ""]
    key = _digest([lock], [*wanted, *sorted(SERVICES), *NOT_NEEDED])  # what is left out of them is gone for good
    return _once(cache / f"dependencies-{key}", lambda draft: _install(draft, lock, runtime))


def _install(draft: Path, lock: Path, runtime: Runtime) -> None:
    foreign = ["--python-platform", runtime.platform, "--python-version", runtime.python] if runtime.platform else []
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--python", sys.executable, *foreign]
    command = [find_uv_bin(), "pip", "install", "--quiet", "--target", str(draft), *options, "--requirement", str(lock)]
    variables = {"UV_SYSTEM_CERTS": "1", "UV_LINK_MODE": "copy", **os.environ}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"The controller's dependencies could not be installed:\n{done.stderr.strip()}"
        raise PackageError(f"{message}\nCheck the network, then run the same command again.")
    _strip(draft)


def _strip(folder: Path) -> None:
    others = [one for one in folder.glob("botocore/data/*/") if one.name not in SERVICES]
    for path in [*others, *(path for pattern in NOT_NEEDED for path in folder.glob(pattern))]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _assemble(draft: Path, dependencies: Path, repository: Path, runtime: Runtime) -> None:
    shutil.copytree(dependencies, draft, dirs_exist_ok=True)
    for source in _sources(repository):
        target = draft / source.relative_to(repository)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    compile_folder(draft, runtime.python)


def _sources(repository: Path) -> list[Path]:
    """Our own code: the modules, and the template of the site's routing function."""
    return sorted(file for kind in ("*.py", "*.js") for file in (repository / "controller").rglob(kind))


def _digest(files: Iterable[Path], words: Iterable[str]) -> str:
    """A short digest of names, contents and words."""
    total = hashlib.sha256()
    for word in words:
        total.update(f"{len(word)}:{word}".encode())
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.parent.name}/{file.name}:{len(content)}".encode() + content)
    return total.hexdigest()[:16]


def _once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Make a folder unless it exists; it appears complete or not at all, even if two processes make it."""
    if folder.is_dir():
        return folder
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        make(draft)
        _move(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _move(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    runtimes = {"x86_64": AWS, "arm64": AWS_ARM}
    name = arguments[0] if arguments else "x86_64"
    if name not in runtimes:
        sys.stderr.write(f"'{name}' is not an architecture of Lambda: use {' or '.join(runtimes)}.\n")
        return 2
    try:
        package = build(runtimes[name])
        sys.stderr.write(advice(package, runtimes[name]))
        sys.stdout.write(f"{package}\n")
    except (PackageError, DiskFullError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
