"""Builds the artifacts of a release folder that say how, and only those whose sources have changed."""

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
    """Say nothing of a build's progress."""


@dataclass(frozen=True)
class Builder:
    """Runs builds with `run`, and says by `say` what it does."""

    say: Say = silent
    run: Run = build_run.run

    def build(self, source: Path, manifest: Manifest, builds: Mapping[str, Build]) -> None:
        """Build what has changed, one component after the other; raises `InvalidBundleError`.

        Two processes that build the same folder take turns.
        """
        if not builds:
            return
        with _only_one(home(source)):
            for name, build in sorted(builds.items()):
                self._build(source, manifest, name, build)

    def _build(self, source: Path, manifest: Manifest, name: str, build: Build) -> None:
        artifact = source / manifest.components[name].artifact
        folder = _check(source, name, build, artifact)
        said = {"SELFRIGHT_APPLICATION": manifest.application, "SELFRIGHT_VERSION": manifest.version}
        words = [*build.command, "", *(build.install or []), "", build.folder, *build.reads, *said.values()]
        inputs = inputs_digest(words, [source / path for path in build.reads], artifact)
        remembered = stamp(source, name, inputs)
        if remembered.fresh(artifact):
            self.say(f"{name}: built already, and nothing has changed since")
            return
        for command in (build.install, build.command):
            if command:
                self.say(f"{name}: {shlex.join(command)}")
                _succeeded(name, command, self.run(command, folder, said))
        if not artifact.exists():
            reason = f"`{shlex.join(build.command)}` did not make the artifact '{artifact}' of `components.{name}`"
            raise InvalidBundleError(reason, f"Correct `artifact` or `build` in {MANIFEST_NAME}.")
        remembered.write(artifact)


BUILDER = Builder()
"""Builds without a word."""


def _check(source: Path, name: str, build: Build, artifact: Path) -> Path:
    """The folder to build in, if all paths make sense."""
    root = source.resolve()
    for path in [build.folder, *build.sources]:
        place = (source / path).resolve()
        if not place.is_relative_to(root):
            raise InvalidBundleError(f"'{path}' of `components.{name}.build` leads out of '{source}'", _CORRECT)
        if not place.exists():
            raise InvalidBundleError(f"'{source / path}' of `components.{name}.build` does not exist", _CORRECT)
    folder = source / build.folder
    if not folder.is_dir():
        raise InvalidBundleError(f"'{folder}' of `components.{name}.build.in` is no folder", _CORRECT)
    if folder.resolve().is_relative_to(artifact.resolve()):
        reason = f"`components.{name}.build.in` '{folder}' is inside the artifact that it makes"
        raise InvalidBundleError(reason, "Let the build write into a folder of its own.")
    return folder


def _succeeded(name: str, command: Sequence[str], finished: Finished) -> None:
    if finished.code:
        how = f"with exit code {finished.code}" if finished.code > 0 else "because it was killed, or took too long"
        reason = f"`{shlex.join(command)}` of `components.{name}` failed {how}; its last lines:\n{finished.last_lines}"
        raise InvalidBundleError(reason, "Correct what it says, or build by yourself and add --no-build.")


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with (folder / "build.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_CORRECT = f"Correct `build` in {MANIFEST_NAME}."
