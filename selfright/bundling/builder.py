"""Builds the artifacts of a release folder that have a `build:`, and only those whose sources have changed."""

import fcntl
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.domain.bundle.manifest import Manifest
from controller.domain.components.artifact import MANIFEST_NAME
from controller.errors import InvalidBundleError
from selfright.bundling import build_run
from selfright.bundling.build_run import Finished, Run
from selfright.bundling.build_spec import Build
from selfright.bundling.build_stamp import home, inputs_digest, stamp

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Report nothing of a build's progress."""


@dataclass(frozen=True)
class Builder:
    """Runs builds with `run`, and reports its progress with `say`."""

    say: Say = silent
    run: Run = build_run.run

    def build(self, source: Path, manifest: Manifest, builds: Mapping[str, Build]) -> None:
        """Build what has changed, one component after the other; raises `InvalidBundleError`.

        Two processes that build the same folder wait for each other.
        """
        if not builds:
            return
        with _exclusively(home(source)):
            for name, build in sorted(builds.items()):
                self._build(source, manifest, name, build)

    def _build(self, source: Path, manifest: Manifest, name: str, build: Build) -> None:
        artifact = source / manifest.components[name].artifact
        folder = _check(source, name, build, artifact)
        variables = {"SELFRIGHT_APPLICATION": manifest.application, "SELFRIGHT_VERSION": manifest.version}
        words = [*build.command, "", *(build.install or []), "", build.folder, *build.reads, *variables.values()]
        inputs = inputs_digest(words, [source / path for path in build.reads], artifact)
        remembered = stamp(source, name, inputs)
        if remembered.fresh(artifact):
            self.say(f"{name}: already built, and its sources have not changed")
            return
        for command in (build.install, build.command):
            if command:
                self.say(f"{name}: {shlex.join(command)}")
                _require_success(name, command, self.run(command, folder, variables))
        if not artifact.exists():
            reason = f"`{shlex.join(build.command)}` did not create the artifact '{artifact}' of `components.{name}`"
            raise InvalidBundleError(reason, f"Correct `artifact` or `build` in {MANIFEST_NAME}.")
        remembered.write(artifact)


BUILDER = Builder()
"""Builds without reporting."""


def _check(source: Path, name: str, build: Build, artifact: Path) -> Path:
    """The folder to build in; raises `InvalidBundleError` for a path that cannot be used."""
    root = source.resolve()
    for path in [build.folder, *build.sources]:
        place = (source / path).resolve()
        if not place.is_relative_to(root):
            raise InvalidBundleError(f"'{path}' of `components.{name}.build` leads out of '{source}'", _CORRECT)
        if not place.exists():
            raise InvalidBundleError(f"'{source / path}' of `components.{name}.build` does not exist", _CORRECT)
    folder = source / build.folder
    if not folder.is_dir():
        raise InvalidBundleError(f"'{folder}' of `components.{name}.build.in` is not a folder", _CORRECT)
    if folder.resolve().is_relative_to(artifact.resolve()):
        reason = f"`components.{name}.build.in` '{folder}' is inside the artifact that the build creates"
        raise InvalidBundleError(reason, "Make the build write into a separate folder.")
    return folder


def _require_success(name: str, command: Sequence[str], finished: Finished) -> None:
    if finished.code:
        how = f"with exit code {finished.code}" if finished.code > 0 else "because it was killed or took too long"
        reason = f"`{shlex.join(command)}` of `components.{name}` failed {how}; its last lines:\n{finished.last_lines}"
        raise InvalidBundleError(reason, "Correct what these lines report, or build by yourself and add --no-build.")


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    with (folder / "build.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_CORRECT = f"Correct `build` in {MANIFEST_NAME}."
