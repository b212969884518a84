"""Remembers what was installed from what, so that packages are installed again only when that has changed.

One stamp for each folder in which an `install` runs, whichever component and release it was for. What counts for the
package managers of Node.js are the files that name packages, unless those run scripts of their own; for every other
tool, all that the build reads counts as well. An install is repeated, too, when what it made is not there any more, or
was made anew by somebody else.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

from selfright.bundling.build_stamp import FOLDER, files_in, home, inputs_digest

_NAMES_PACKAGES = (
    *("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc", "yarn.lock", ".yarnrc*", "pnpm-*.yaml"),
    *("bun.lock*", "requirements*.txt", "constraints*.txt", "pyproject.toml", "setup.*", "*.lock", "Pipfile*"),
    *("go.mod", "go.sum", "Cargo.toml", "Gemfile*", "composer.json", "pom.xml", "*.gradle*"),
)
"""The files that say which packages there are."""
_FOR_NODE = {"npm", "pnpm", "yarn", "bun"}
_SCRIPTS = {"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"}
"""Scripts that an install runs; they may read anything."""
_MADE = ("node_modules", ".venv", ".pnp.cjs")
"""What package managers make for one project; what others write among its files is made at each build."""
_OWN_RECORDS = (".package-lock.json", ".modules.yaml", ".yarn-integrity", ".yarn-state.yml", "pyvenv.cfg")
"""What package managers write there about the contents."""
_MARK = ".selfright"
"""A file in what was installed, which is gone when somebody installs anew; no bundle takes files of this name."""


@dataclass(frozen=True)
class InstallStamp:
    """The inputs and the outputs of the install in one folder."""

    file: Path
    folder: Path
    inputs: str
    """Empty when nothing says which packages there are: then every install is made."""

    def fresh(self) -> bool:
        """Whether what was installed from these inputs is there."""
        try:
            recorded = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return False
        made = self._made(marked=True)
        return bool(self.inputs and made) and recorded == {"inputs": self.inputs, "made": made}

    def forget(self) -> None:
        """Before an install: what an older one made counts no more."""
        self.file.unlink(missing_ok=True)

    def write(self) -> None:
        """Record the install that has just been made."""
        made = self._made()
        if self.inputs and made:
            for name in made:
                if (place := self.folder / name).is_dir():
                    (place / _MARK).touch()
            home(self.file.parents[1].parent)
            self.file.parent.mkdir(exist_ok=True)
            self.file.write_text(json.dumps({"inputs": self.inputs, "made": made}))

    def _made(self, *, marked: bool = False) -> dict[str, str]:
        """What is there of an install: name → what tells it from another one; `marked`: only with our mark."""
        places = [self.folder / name for name in _MADE if (self.folder / name).exists()]
        return {one.name: _identity(one) for one in places if not marked or one.is_file() or (one / _MARK).is_file()}


def install_stamp(source: Path, folder: Path, command: Sequence[str], reads: Sequence[Path]) -> InstallStamp:
    """The stamp of an install by this command in `folder`, for a build that reads these files and folders."""
    named = sorted(_naming(folder))
    everything = not _is_for_node(command) or any(_runs_scripts(one) for one in named)
    words = [*command, "", *_tools(command), *(f"{name}={value}" for name, value in sorted(_settings(os.environ)))]
    inputs = inputs_digest(words, [*named, *(reads if everything else ())], folder / _MADE[0]) if named else ""
    name = quote(str(folder.resolve().relative_to(source.resolve())), safe="")
    return InstallStamp(source / FOLDER / "installs" / f"{name}.json", folder, inputs)


def _naming(folder: Path) -> Iterator[Path]:
    for file in files_in(folder):
        if any(fnmatch(file.name, pattern) for pattern in _NAMES_PACKAGES):
            yield file


def _is_for_node(command: Sequence[str]) -> bool:
    return Path(command[0]).name in _FOR_NODE


def _runs_scripts(file: Path) -> bool:
    if file.name != "package.json":
        return False
    try:
        scripts = json.loads(file.read_text()).get("scripts") or {}
        return bool(_SCRIPTS & set(scripts))
    except (OSError, ValueError, AttributeError, TypeError):
        return True


def _tools(command: Sequence[str]) -> Iterator[str]:
    """Which programs install: another version of them may install something else."""
    for name in (command[0], *(("node",) if _is_for_node(command) else ())):
        found = shutil.which(name)
        yield f"{found}:{_identity(Path(found).resolve())}" if found else name


def _settings(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The environment variables that package managers obey."""
    for name, value in variables.items():
        if name == "NODE_ENV" or name.lower().startswith(("npm_config_", "pip_", "uv_")):
            yield name, value


def _identity(path: Path) -> str:
    """What tells a file, or what a package manager has installed in a folder, from another one."""
    files = [path / name for name in _OWN_RECORDS] if path.is_dir() else [path]
    stats = [file.stat() for file in files if file.is_file()]
    return ":".join(f"{one.st_size}:{one.st_mtime_ns}" for one in stats)
