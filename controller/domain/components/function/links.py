"""Where the symbolic links in a function's zip lead: to something else in the zip, and never out of it."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import BinaryIO

from controller.domain.printable import printable
from controller.domain.zip.directory import Directory, Entry
from controller.domain.zip.entry import contents
from controller.errors import InvalidBundleError

_LONGEST = 1024
"""Bytes of a link's target: more than any path in a zip has."""
_MOST_HOPS = 40
"""As many links on one way as Linux follows."""
_MOST_PARTS = 500_000
"""Parts of the ways of all links together; it bounds the time."""
_PACK = "Make the zip again with links that lead to files in it."


def check_links(package: BinaryIO, directory: Directory, what: str) -> None:
    """Raise `InvalidBundleError` for the first link that leads out of the zip, nowhere, or in a circle."""
    links = dict(_read(package, directory, what))
    if links:
        ways = _Ways([entry.name for entry in directory.entries if not entry.is_link], links)
        for path, target in links.items():
            if trouble := ways.trouble(path):
                reason = f"the symbolic link '{printable(path)}' in {what}, to '{printable(target)}', {trouble}"
                raise InvalidBundleError(reason, _PACK)


def _read(package: BinaryIO, directory: Directory, what: str) -> Iterator[tuple[str, str]]:
    for entry, end in directory.placed:
        if entry.is_link:
            yield entry.name, _target(package, entry, end, what)


def _target(package: BinaryIO, entry: Entry, end: int, what: str) -> str:
    named = f"the symbolic link '{printable(entry.name)}' in {what}"
    if not 0 < entry.size <= _LONGEST:
        raise InvalidBundleError(f"{named} leads to a path of {entry.size:,} bytes", _PACK)
    data = contents(package, entry, end).read()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidBundleError(f"{named} leads to a path that is not valid UTF-8", _PACK) from error


class _Ways:
    """Follows links as Linux does, within the zip."""

    def __init__(self, names: list[str], links: dict[str, str]) -> None:
        """`names` are those of all files and folders."""
        self._names, self._links, self._left = sorted(names), links, _MOST_PARTS

    def trouble(self, path: str) -> str:
        """What is wrong with the link's way, as the end of a sentence; "" when it leads to a file or folder."""
        place, waiting, hops = path.split("/")[:-1], [path.rpartition("/")[2]], 0
        while waiting:
            self._left -= 1
            if self._left < 0:
                return "is one of too many"
            part = waiting.pop()
            if part == "..":
                if not place:
                    return "leads out of the package"
                place.pop()
            elif part not in {"", "."}:
                here = "/".join([*place, part])
                if here not in self._links:
                    place.append(part)
                    continue
                if self._links[here].startswith("/"):
                    return "leads out of the package"
                if (hops := hops + 1) > _MOST_HOPS:
                    return "leads in a circle"
                waiting += self._links[here].split("/")[::-1]  # the first part is followed first
        return self._end(path, "/".join(place))

    def _end(self, path: str, target: str) -> str:
        if not target or path.startswith(f"{target}/"):
            return "leads in a circle"
        at = bisect_left(self._names, target)
        folder = bisect_left(self._names, f"{target}/")
        is_file = at < len(self._names) and self._names[at] == target
        is_folder = folder < len(self._names) and self._names[folder].startswith(f"{target}/")
        return "" if is_file or is_folder else "leads nowhere"
