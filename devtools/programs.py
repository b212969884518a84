"""Runs the set-up programs, and turns their failures into errors with a next step."""

import errno
import os
import subprocess
from collections.abc import Sequence
from typing import NoReturn

NETWORK = "The package index cannot be reached. Check the network or the proxy, then run the command again."
DISK = "The disk is full. Free about 1 GB, then run the same command again."
VENV = "Python's venv module is missing. On Debian or Ubuntu: sudo apt install python3-venv"
HASH = (
    "A download differs from the lock. Run the command again; if that does not help, do not trust the "
    "source: check your package index or proxy."
)
CERTIFICATE = "A TLS certificate was not accepted. Behind a company proxy, set SSL_CERT_FILE to its certificates."
PERMISSION = "A file could not be written. Check the owner of this folder and of .selfright in it."

HINTS = {
    "no space left on device": DISK,
    "match the hash": HASH,
    "hash mismatch": HASH,
    "ensurepip": VENV,
    "no module named venv": VENV,
    "certificate": CERTIFICATE,
    "permission denied": PERMISSION,
    "dns error": NETWORK,
    "name resolution": NETWORK,
    "error sending request": NETWORK,
    "connection": NETWORK,
    "from versions: none": NETWORK,
}
"""Part of a failed program's output (lower case) → the next step. The first match counts."""

FALLBACK = "Delete .selfright and run the command again; if that fails, too, the output above says why."


class SetupError(Exception):
    """Setting up failed; the message ends with the next step."""


def hint(output: str) -> str:
    """The next step for a program that failed with this output."""
    lowered = output.lower()
    return next((advice for sign, advice in HINTS.items() if sign in lowered), FALLBACK)


def explain(what: str, output: str) -> SetupError:
    """The error for a step (`what`) whose program failed with `output`: the end of the output and the next step."""
    tail = "\n".join(f"  {line}" for line in output.strip().splitlines()[-12:])
    return SetupError(f"{what} failed.\n{tail}\n{hint(output)}")


def run(what: str, command: Sequence[str | os.PathLike[str]], env: dict[str, str] | None = None) -> str:
    """Run a set-up step and return its stdout; raises SetupError with its output and the next step."""
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    except OSError as error:
        raise explain(what, str(error)) from error
    if done.returncode:
        raise explain(what, done.stdout + done.stderr)
    return done.stdout


def fail_on_disk(error: OSError) -> NoReturn:
    """Turn an OSError of our own file work into a SetupError."""
    reason = "no space left on device" if error.errno == errno.ENOSPC else str(error)
    raise explain(f"Writing {error.filename or '.selfright'}", reason) from error
