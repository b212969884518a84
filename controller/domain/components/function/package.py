"""Checks a function's zip, and refuses what Lambda would not unpack, or would unpack to something else."""

from typing import BinaryIO

from controller.domain.components.function.links import check_links
from controller.domain.components.function.modes import check_modes
from controller.domain.zip.directory import read_directory
from controller.domain.zip.rules import MAX_RATIO, check_entries
from controller.domain.zip.unpacking import check_contents
from controller.errors import InvalidBundleError

MAX_UNPACKED = 250 * 1024 * 1024
"""Lambda's own limit for a function's code, in bytes."""
MAX_FILES = 50_000


def check_package(
    package: BinaryIO,
    name: str,
    *,
    own_runtime: bool = True,
    max_unpacked: int = MAX_UNPACKED,
    max_files: int = MAX_FILES,
) -> None:
    """Raise `InvalidBundleError` for a zip that cannot be a function's code; `name` is its path, for messages.

    `own_runtime`: it may bring its own runtime, which Lambda must be able to start.
    """
    directory = read_directory(package, f"'{name}'", max_files)
    if not directory.entries:
        raise InvalidBundleError(f"'{name}' is empty: the function has no code", "Add the code.")
    limits = {"max_entry": max_unpacked, "max_total": max_unpacked, "max_ratio": MAX_RATIO}
    check_entries(directory.entries, f"'{name}'", **limits, links=True)
    check_modes(directory.entries, f"'{name}'", own_runtime=own_runtime)
    check_links(package, directory, f"'{name}'")
    check_contents(package, directory, f"'{name}'")


def names_in(package: BinaryIO, name: str) -> frozenset[str]:
    """The names in a package that has been checked; `name` is its path, for messages."""
    return frozenset(entry.name for entry in read_directory(package, f"'{name}'", MAX_FILES).entries)
