"""Patterns of paths, as version control reads them: a name matches anywhere, a path from the folder's root."""

import re
from functools import cache

_PIECE = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|[^*?/]+|/")
_MEANINGS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(pattern: str, path: str, *, is_folder: bool) -> bool:
    """Whether a file or folder matches: `*.map` anywhere, `docs/*.md` and `/a.txt` from the root, `drafts/` a folder.

    `*` and `?` stand for characters of one name, `**` for any folders. Brackets are brackets: names often have them.
    """
    if pattern.endswith("/") and not is_folder:
        return False
    bare = pattern.removesuffix("/")
    subject = path if "/" in bare else path.rpartition("/")[2]
    return bool(_compiled(bare.removeprefix("/")).fullmatch(subject))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    text = "".join(_MEANINGS.get(piece) or re.escape(piece) for piece in _PIECE.findall(pattern))
    return re.compile(text, re.DOTALL)
