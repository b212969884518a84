"""How a site's files are served: content types and caching.

The tables are fixed, so that a release is the same on whichever machine it is made.
"""

import functools
import mimetypes
from pathlib import PurePosixPath

_TEXT_TYPES = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
}
"""Suffix → type of text files, which are served with `charset=utf-8`."""
_TYPES = {
    ".atom": "application/atom+xml",
    ".avif": "image/avif",
    ".bin": "application/octet-stream",
    ".br": "application/x-brotli",
    ".eot": "application/vnd.ms-fontobject",
    ".geojson": "application/geo+json",
    ".gif": "image/gif",
    ".glb": "model/gltf-binary",
    ".gz": "application/gzip",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".m4a": "audio/mp4",
    ".map": "application/json",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".rss": "application/rss+xml",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}
_WITHOUT_SUFFIX = {"apple-app-site-association": "application/json"}
"""Well-known files that need a type, though their names have no suffix."""
_UNKNOWN = "application/octet-stream"
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "public, max-age=0, must-revalidate"


def content_type(path: str) -> str:
    """The `Content-Type` of a file by its name: `text/html; charset=utf-8` for `index.html`."""
    name = PurePosixPath(path)
    suffix = name.suffix.lower()
    if text := _TEXT_TYPES.get(suffix):
        return f"{text}; charset=utf-8"
    return _TYPES.get(suffix) or _WITHOUT_SUFFIX.get(name.name) or _rare_types().get(suffix, _UNKNOWN)


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
