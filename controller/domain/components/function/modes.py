"""Whether Lambda may read a function's files: it unpacks them with their modes, and runs the code as another user."""

import stat
from collections.abc import Iterable

from controller.domain.zip.directory import Entry
from controller.errors import InvalidBundleError

_BOOTSTRAP = "bootstrap"
"""What Lambda starts in a runtime that the function brings itself."""
_PROVIDED = "provided"
_EVERYBODY_READS = stat.S_IROTH
_EVERYBODY_ENTERS = stat.S_IROTH | stat.S_IXOTH
_ADVICE = (
    "Give everybody the right to read it (`chmod -R a+rX`) and make the zip again, or name its folder as the"
    " artifact: then `selfright bundle` does both. Python's `ZipFile.writestr` takes the mode from a `ZipInfo` alone:"
    " `external_attr = 0o644 << 16`."
)
_START_ADVICE = "Make it executable (`chmod a+rx bootstrap`, on Linux or macOS) and make the zip again."


def brings_runtime(runtime: str | None) -> bool:
    """Whether a function of this runtime, which may be unknown, may bring its own: a managed one starts no other."""
    return runtime is None or runtime.startswith(_PROVIDED)


def check_modes(entries: Iterable[Entry], what: str, *, own_runtime: bool) -> None:
    """Raise `InvalidBundleError` for the first entry that Lambda could not read, or not start."""
    for entry in entries:
        if entry.is_link:
            continue
        needed = _EVERYBODY_ENTERS if entry.is_folder else _EVERYBODY_READS
        if entry.has_mode and entry.mode & needed != needed:
            reason = f"'{entry.name}' in {what} has the mode {stat.S_IMODE(entry.mode):04o}"
            raise InvalidBundleError(f"{reason}, and Lambda runs the code as a user who could not read it", _ADVICE)
        if entry.name == _BOOTSTRAP and own_runtime and not entry.mode & stat.S_IXOTH:
            reason = f"'{entry.name}' in {what} is not executable, so Lambda could not start it"
            raise InvalidBundleError(reason, _START_ADVICE)
