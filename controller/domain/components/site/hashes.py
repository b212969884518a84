"""Recognises names of files that carry a hash of the contents, as build tools write them.

A file with such a name never changes, so browsers keep it, and all revisions share it: a page that is still open finds
the files of its release. The rule looks at the address alone, because the routing function follows it too (its patterns
are written into `routing.js`, so they are in the syntax that both languages have). It is careful with words, dates and
numbers, and most of all with files that people make themselves; in folders that only build tools fill it is not.

They know hex digits (webpack, Next, Parcel, Hugo, Docusaurus, Django, Rails), eight characters of base64 (Vite, Rollup,
Astro, SvelteKit, Nuxt), capitals of base32 (esbuild, Angular, Remix), base36 (Bun, Blazor), and folders that are named
by a hash (Next, Gatsby). Of the names that Vite makes they miss one in a thousand in `assets/`, and one in fifty
elsewhere.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

REVISIONS = "revisions/"
"""Each revision's folder is below it, with the files that are its own."""
_LONGEST = 255
_REMEMBERED = 60_000
"""Names: staging asks several times for each file, and once for what it adds."""
_DAY = "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_END = "(?![A-Za-z0-9])"
_START = r"(?:^|[._~@?\/-])"
_DATED = f"(?:{_DAY}[0-9a-f]{{0,2}}|[a-f]{{4}}(?:19|20)[0-9]{{2}}){_END}"
_MIXED = f"(?![0-9]+{_END}|[A-Fa-f]+{_END})"
_EIGHT = "[A-Za-z0-9_-]{8}"
_TELLING = "(?=[a-z_-]*[A-Z0-9])"
_WORD = (
    "(?:(?:[A-Z]?[a-z]*[aeiouy][a-z]+|[A-Z]?[a-z]+[aeiouy]|[AEIOUY][a-z]{2,}|As|I[dnst]|O[nfs]|To)+[0-9]*"
    "|[A-Z]+[a-z]?[0-9]*|[A-Z]?[a-z]+[0-9]+|[0-9]+[a-z]{0,2}|[a-z]|[a-z]+[0-9][a-z]+)"
)
_WORDS = f"(?:{_WORD}(?:[_-]|(?=!|$)))+(?:!|$)"
_BARE = r"[^.A-Za-z0-9][A-Za-z0-9]*$|\.$"
"""A name without a suffix like that of a file: a page's (`docs`, `v1.2-3f2a1b4c`)."""
_CODE: Final = "!"
_DOCUMENT: Final = "?"
_BUILT: Final = "/"
"""Marks of a name: it is a script, style or program; a document; in a folder of a build tool."""

PATTERNS: Final = {
    "never": rf"\.html?$|^\/revisions\/|{_BARE}|[0-9A-Fa-f]{{8}}-[0-9A-Fa-f]{{4}}-[0-9A-Fa-f]{{4}}-[^\/]*$",
    "packed": r"(?:\.map)?(?:\.(?:br|gz))?$",
    "document": r"\.(?:csv|docx?|ics|json|md|pdf|pptx?|txt|xlsx?|xml|zip)$",
    "code": r"\.(?:css|dat|m?js|wasm)$",
    "suffix": r"(?:\.(?:chunk|min|lean|bundle|iframe|module|worker))*\.[A-Za-z0-9]+$",
    "built": r"\/(?:_app\/immutable|_astro|_framework|_nuxt|assets|build|chunks)\/",
    "build": r"\/_next\/(?:data|static)\/(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{21}\/|\/static\/[0-9a-f]{32}\/"
    r"|\/media\/[^\/]*-(?=[A-Z]*[2-7]+[A-Z])(?=([2-7]*[A-Z]){4})[A-Z2-7]{8}\.",
    "hash": "|".join(
        (
            rf"{_START}(?:hu)?{_MIXED}(?:[0-9a-f]{{16,64}}|[0-9A-F]{{16,64}}){_END}",
            rf"^(?!\?)(?:.*[._~@-]|\/)?(?!{_DATED}){_MIXED}(?:[0-9a-f]{{8,15}}|[0-9A-F]{{8,15}}){_END}",
            rf"\.(?!{_DAY})[0-9]{{8}}!",
            r"[.-](?=(?:[0-9]*[A-Z]){4})[A-Z2-7]{8}!",
            r"chunk-(?=[a-z]*[0-9])[a-z0-9]{8}!",
            rf"(?:[.-](?={_EIGHT}!)|^\/.*[.-](?={_EIGHT}$))(?!{_WORDS}){_TELLING}",
            rf"^\/(?:.*[.-])?(?!{_DAY}!|00[0-9]+!){_TELLING}{_EIGHT}!",
            rf"^\/.*\.(?=[a-z0-9_-]*[A-Z]){_EIGHT}_[A-Za-z0-9]{{1,7}}$",
            r"^\/.*\.(?=[a-z]*[0-9])[a-z0-9]{10}!",
        )
    ),
}
"""Regular expressions that mean the same in Python and JavaScript."""
_RULES: Final = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}


@lru_cache(_REMEMBERED)
def carries_hash(path: str) -> bool:
    """Whether a file's name carries a hash of its contents. The same as `isHashed` in `routing.js`."""
    address, name = f"/{path}", path.rpartition("/")[2]
    if len(name) > _LONGEST or _RULES["never"].search(address):
        return False
    bare = _RULES["packed"].sub("", name, count=1)
    first = _DOCUMENT if _RULES["document"].search(bare) else _BUILT if _RULES["built"].search(address) else ""
    last = _CODE if _RULES["code"].search(bare) else ""
    stem = first + _RULES["suffix"].sub("", bare, count=1) + last
    return bool(_RULES["build"].search(address) or _RULES["hash"].search(stem))


def is_code(path: str) -> bool:
    """Whether a file is a script, a style or a program."""
    return bool(_RULES["code"].search(path))


@dataclass(frozen=True)
class Sharing:
    """Which files of a revision all revisions share, outside of the revisions' folders.

    Those below `folders` ("assets/"), where a release or an older Selfright names them; else those whose names carry a
    hash (`folders` is None).
    """

    folders: tuple[str, ...] | None = None

    @classmethod
    def below(cls, folders: Sequence[str] | None) -> "Sharing":
        """Sharing of what is below some folders; None: of what carries a hash in its name."""
        return cls(None if folders is None else tuple(sorted(folders)))

    def has(self, path: str) -> bool:
        """Whether the file is shared."""
        return carries_hash(path) if self.folders is None else path.startswith(self.folders)

    def key(self, path: str, revision: str) -> str:
        """The key of a revision's file in the bucket."""
        return path if self.has(path) else f"{REVISIONS}{revision}/{path}"

    def prefixes(self, paths: Iterable[str]) -> list[str]:
        """Prefixes that the keys of the shared ones of these files have; "" for files that are in no folder."""
        shared = (path for path in paths if self.has(path))
        if self.folders is None:
            return sorted({path[: path.find("/") + 1] for path in shared})
        return sorted({next(folder for folder in self.folders if path.startswith(folder)) for path in shared})
