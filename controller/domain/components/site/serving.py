"""How a site's files are served: content types, encodings and caching.

The tables are fixed, so that a release is the same on whichever machine it is made. What was compressed when the site
was built (`app.js.gz`, `logo.svgz`) has the type of what is inside, so that browsers use it as that. An archive to keep
(`backup.tar.gz`, `table.csv.gz`) stays one.
"""

import codecs
import functools
import mimetypes
from dataclasses import dataclass
from pathlib import PurePosixPath

_TEXT_TYPES = {
    ".cjs": "text/javascript",
    ".css": "text/css",
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".js": "text/javascript",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".vcf": "text/vcard",
    ".vtt": "text/vtt",
    ".webmanifest": "application/manifest+json",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
    ".xsl": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
"""Suffix → type of text files, which are served with `charset=utf-8`."""
_TYPES = {
    ".aac": "audio/aac",
    ".apk": "application/vnd.android.package-archive",
    ".apng": "image/apng",
    ".atom": "application/atom+xml",
    ".avif": "image/avif",
    ".bin": "application/octet-stream",
    ".br": "application/x-brotli",
    ".cur": "image/x-icon",
    ".data": "application/octet-stream",
    ".eot": "application/vnd.ms-fontobject",
    ".flac": "audio/flac",
    ".geojson": "application/geo+json",
    ".gif": "image/gif",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".gz": "application/gzip",
    ".heic": "image/heic",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".jxl": "image/jxl",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".map": "application/json",
    ".mobileconfig": "application/x-apple-aspen-config",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".mpd": "application/dash+xml",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".pkpass": "application/vnd.apple.pkpass",
    ".png": "image/png",
    ".rss": "application/rss+xml",
    ".svg": "image/svg+xml",
    ".svgz": "image/svg+xml",
    ".tgz": "application/gzip",
    ".ttf": "font/ttf",
    ".usdz": "model/vnd.usdz+zip",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
_WITHOUT_SUFFIX = {"apple-app-site-association": "application/json"}
"""Well-known files that need a type, whatever is in them, though their names have no suffix."""
_UNKNOWN = "application/octet-stream"
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "public, max-age=0, must-revalidate"
HEAD_BYTES = 512
"""The type of a file without a suffix depends on so many of its first bytes."""
_GZIP = b"\x1f\x8b"
_DOCUMENTS = {".csv", ".log", ".md", ".tar", ".tsv", ".txt", ".xml", ".yaml", ".yml"}
"""What is compressed to be kept, not to be used by a browser."""


@dataclass(frozen=True, slots=True)
class Representation:
    """The `Content-Type` of a file, and its `Content-Encoding` ("" for none)."""

    type: str
    encoding: str = ""


def representation(path: str, head: bytes = b"") -> Representation:
    """How a file is served, by its name and its first bytes: `text/html; charset=utf-8` for `index.html`."""
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    packed = head.startswith(_GZIP)
    if suffix == ".svgz":
        return Representation(_TYPES[suffix], "gzip" if packed else "")
    inner = PurePosixPath(name.stem).suffix.lower()
    known = inner in _TEXT_TYPES or inner in _TYPES
    if suffix == ".br" and known:
        return Representation(_type(name.stem), "br")
    if suffix == ".gz" and known and packed and inner not in _DOCUMENTS:
        return Representation(_type(name.stem), "gzip")
    return Representation(_type(path) if suffix else _WITHOUT_SUFFIX.get(name.name) or _by_contents(head))


def _type(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    if text := _TEXT_TYPES.get(suffix):
        return f"{text}; charset=utf-8"
    return _TYPES.get(suffix) or _rare_types().get(suffix, _UNKNOWN)


def _by_contents(head: bytes) -> str:
    """The type of a file without a suffix (`LICENSE`, `.well-known/openid-configuration`)."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _UNKNOWN
    if not head or "\0" in text:
        return _UNKNOWN
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html")):
        return "text/html; charset=utf-8"
    return "application/json" if start.startswith(("{", "[")) else "text/plain; charset=utf-8"


def cache_control(*, hashed: bool) -> str:
    """The `Cache-Control` of a file.

    The contents under a content-hashed name never change: the browser keeps the file and does not ask again. Any other
    name can mean another file after the next release or rollback, so the browser keeps the file and asks before each
    use (304 when unchanged).

    There is no `s-maxage`: CloudFront sees the rewritten URI, which names the revision, and may keep the file by its
    cache policy's minimum TTL; but every other shared cache sees the visitor's URI and would still serve a release
    after it was rolled back.
    """
    return _FOREVER if hashed else _ASK_FIRST


@functools.cache
def _rare_types() -> dict[str, str]:
    """Python's own table, without the machine's additions."""
    return mimetypes.MimeTypes().types_map[1]
