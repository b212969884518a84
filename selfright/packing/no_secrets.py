"""What a person says is no secret, although it looks like one: `--allow`, for files and for names of settings."""

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from controller.errors import InvalidBundleError

_SHOWN = 10
"""So many files and names are told of one pattern."""


class NoSecrets:
    """The patterns of `--allow`, and what each of them has taken.

    A pattern is the path of a file or folder, or a setting's name; `*`, `?` and `[…]` are wildcards. A path is that
    within its component's folder, or one that leads there from the current folder or from the root.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._taken: dict[str, dict[str, None]] = {pattern: {} for pattern in patterns}

    @property
    def patterns(self) -> Sequence[str]:
        """The patterns, as they were given."""
        return [*self._taken]

    def file(self, path: str, place: Path) -> bool:
        """Whether this file or folder, which looks like a secret, is taken: itself, or a folder that it is in.

        `path` is the one in the bundle, `place` the one on this machine.
        """
        inside = len(Path(path).parts)
        here = [*map(str, [Path(path), *Path(path).parents][:inside])]
        roots = (Path(os.path.normpath(place)), place.absolute())
        there = [str(one) for root in roots for one in [root, *root.parents][: inside + 1]]
        return self._take(path, here, there)

    def setting(self, name: str, where: str) -> bool:
        """Whether the setting of this name, which looks like a secret, is taken; `where` it is, for people."""
        return self._take(f"{name} in {where}", [name])

    def _take(self, what: str, names: Sequence[str], places: Sequence[str] = ()) -> bool:
        matching = [one for one in self._taken if _matches(one, [*names, *(places if _leads_there(one) else ())])]
        for pattern in matching:
            self._taken[pattern][what] = None
        return bool(matching)

    def said(self) -> Iterator[str]:
        """What each pattern has taken, in a sentence."""
        for pattern, taken in self._taken.items():
            more = f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else ""
            yield f"No secret, as --allow {pattern} says: {', '.join([*taken][:_SHOWN])}{more}"

    def refuse_idle(self) -> None:
        """Raise `InvalidBundleError` for a pattern that has taken nothing: it is mistyped, or not needed any more."""
        idle = next((pattern for pattern, taken in self._taken.items() if not taken), None)
        if idle is not None:
            reason = f"`--allow {idle}` matches nothing that looks like a secret"
            step = "Leave it out, or correct it: it is a path within the component's folder (a folder's path takes all"
            raise InvalidBundleError(reason, f"{step} that is in it), a pattern such as '*.pem', or a setting's name.")


NOTHING = NoSecrets()
"""Everything that looks like a secret is one."""


def _leads_there(pattern: str) -> bool:
    """Whether it can be a path from the current folder or from the root: a pattern alone must not match their names."""
    return "/" in pattern and not pattern.startswith(("*", "?", "["))


def _matches(pattern: str, names: Iterable[str]) -> bool:
    plain = os.path.normpath(pattern) if "/" in pattern else pattern
    return any(name == plain or fnmatch(name, plain) for name in names)
