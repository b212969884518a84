"""Makes the cloud assembly of the real CDK app for the local AWS, and caches it until an input changes."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from selfright.disk import disk
from selfright.layout import HOME, ROOT
from selfright.local.errors import DeployError

SOURCES = ("bootstrap_cdk", "selfright/cdk", "state_machine", "requirements.lock")
LAST_LINES = 20


def synthesize(context: Mapping[str, object], cache: Path = HOME / "assemblies") -> Path:
    """The folder of the assembly for this CDK context (names and values as after `-c`), made if it is not cached.

    Raises:
        DeployError: the CDK app failed; the message has the end of its output.
    """
    with disk():
        folder = cache / _key(context)
        if not (folder / "manifest.json").exists():
            cache.mkdir(parents=True, exist_ok=True)
            _run(context, folder)
            _forget_others(cache, folder)
    return folder


def _key(context: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(context, sort_keys=True, default=str).encode())
    for file in _files():
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        inside = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in inside if file.is_file() and "__pycache__" not in file.parts)


def _run(context: Mapping[str, object], folder: Path) -> None:
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    variables = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context, default=str),
        "CDK_OUTDIR": str(draft),
        # The tests validate the same templates; here it would double the time.
        "CDK_VALIDATION": "false",
    }
    command = [sys.executable, "-m", "bootstrap_cdk.app"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        said = "\n".join((done.stderr or done.stdout).splitlines()[-LAST_LINES:])
        raise DeployError(f"The CDK app could not be synthesized:\n{said}")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _forget_others(cache: Path, folder: Path, kept: int = 4) -> None:
    others = sorted((other for other in cache.iterdir() if other != folder), key=lambda other: other.stat().st_mtime)
    for old in others[: -kept or None]:
        shutil.rmtree(old, ignore_errors=True)
