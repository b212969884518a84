"""Runs the tests of SmartPack's page: types and components, by npm."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from devtools.environments import MAIN, say
from devtools.paths import ROOT

FOLDER = ROOT / "app_artifacts" / "smartpack" / "frontend"
INSTALLED = "node_modules/.package-lock.json"
"""npm's own record of what it has installed."""


def check(variables: Mapping[str, str], folder: Path = FOLDER, npm: Path = MAIN.folder / "bin" / "npm") -> int:
    """Run the tests and return the exit code; if npm cannot install their packages, report that and return 0."""
    if not _ready(folder):
        say("Installing the packages for the tests of SmartPack's page (npm ci) …")
        installed = _run([npm, "ci"], folder, variables, quiet=True)
        if installed.returncode:
            output = "\n".join(installed.stdout.strip().splitlines()[-5:])
            say(f"SKIPPED the tests of SmartPack's page: npm could not install their packages.\n{output}")
            return 0
    return _run([npm, "test"], folder, variables).returncode


def _ready(folder: Path) -> bool:
    installed, lock = folder / INSTALLED, folder / "package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime


def _run(
    command: list[str | os.PathLike[str]], folder: Path, variables: Mapping[str, str], *, quiet: bool = False
) -> "subprocess.CompletedProcess[str]":
    out = subprocess.PIPE if quiet else None
    joined = subprocess.STDOUT if quiet else None
    return subprocess.run(command, cwd=folder, env=variables, stdout=out, stderr=joined, text=True, check=False)
