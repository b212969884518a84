"""Builds the artifacts of a release folder that have a `build:`, and only those whose sources have changed."""

import fcntl
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from controller.domain.bundle.manifest import Manifest
from controller.domain.components.artifact import MANIFEST_NAME
from controller.errors import InvalidBundleError
from selfright.bundling import build_run
from selfright.bundling.build_run import Finished, Run
from selfright.bundling.build_spec import Build
from selfright.bundling.build_stamp import home, inputs_digest, mentioned, stamp
from selfright.bundling.install_stamp import install_stamp

Say = Callable[[str], None]
_OURS = "SELFRIGHT_"
"""The variables that a build gets begin with this."""
_OF_FRAMEWORKS = (
    *("VITE_", "NEXT_PUBLIC_", "REACT_APP_", "PUBLIC_", "NUXT_", "GATSBY_", "VUE_APP_", "EXPO_PUBLIC_", "HUGO_"),
    "NODE_ENV",
)
"""Variables that frameworks look for, without being told their names, begin so."""
_ALWAYS_NEW = {"_", "OLDPWD", "PWD", "SHLVL", "TMPDIR"}
"""Variables of a shell that say nothing about what is built."""


def silent(_: str) -> None:
    """Report nothing of a build's progress."""


@dataclass(frozen=True)
class Builder:
    """Runs builds with `run`, and reports its progress with `say`; builds see the variables of `environment`."""

    say: Say = silent
    run: Run = build_run.run
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

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
        reads = [source / path for path in build.reads]
        variables = {"SELFRIGHT_APPLICATION": manifest.application, "SELFRIGHT_VERSION": manifest.version}
        words = [*build.command, "", *(build.install or []), "", build.folder, *build.reads]
        known = self._known(build, variables, [folder, *reads], artifact)
        remembered = stamp(source, manifest.components[name].artifact, inputs_digest([*words, *known], reads, artifact))
        if remembered.fresh(artifact):
            self.say(f"{name}: already built, and its sources have not changed")
            return
        if build.install:
            self._install(source, name, build.install, folder, reads, variables)
        self._run(name, build.command, folder, variables)
        if not artifact.exists():
            reason = f"`{shlex.join(build.command)}` did not create the artifact '{artifact}' of `components.{name}`"
            raise InvalidBundleError(reason, f"Correct `artifact` or `build` in {MANIFEST_NAME}.")
        remembered.write(artifact)

    def _known(
        self, build: Build, variables: Mapping[str, str], sources: Sequence[Path], artifact: Path
    ) -> Sequence[str]:
        """What the build may know besides its sources: the release's name and version, and variables of this machine.

        It knows a variable that it names somewhere; if it does not, another value is no reason to build again. What
        frameworks write into an artifact by themselves counts always.
        """
        words = [*build.command, *(build.install or [])]
        folder = sources[0]
        named = [folder / word for word in words if word and (folder / word).is_file()]
        others = self.environment.keys() - _ALWAYS_NEW
        found = mentioned({_OURS, *others}, [*sources, *named], artifact)
        found |= {name for name in (_OURS, *others) if any(name in word for word in words)}
        taken = sorted(name for name in others if name in found or name.startswith(_OF_FRAMEWORKS))
        release = variables.values() if _OURS in found else ()
        return [*release, "", *(f"{name}={self.environment[name]}" for name in taken)]

    def _install(  # noqa: PLR0913, PLR0917 - what is installed, where, for whom
        self,
        source: Path,
        name: str,
        command: Sequence[str],
        folder: Path,
        reads: Sequence[Path],
        variables: Mapping[str, str],
    ) -> None:
        """Install what the build needs, unless it is there from an earlier build in this folder."""
        remembered = install_stamp(source, folder, command, reads)
        if remembered.fresh():
            self.say(f"{name}: already installed, and nothing that names packages has changed")
            return
        remembered.forget()
        self._run(name, command, folder, variables)
        remembered.write()

    def _run(self, name: str, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self.say(f"{name}: {shlex.join(command)}")
        _require_success(name, command, self.run(command, folder, variables))


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
