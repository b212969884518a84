"""The uses of files in a page, and the content types that are plausible for each.

They reveal the usual mistake: a missing file that is answered with the site's page and status 200.
"""

from collections.abc import Mapping
from enum import StrEnum


class Use(StrEnum):
    """The use for which a file is loaded."""

    PAGE = "a page"
    SCRIPT = "a script"
    STYLE = "a stylesheet"
    IMAGE = "an image"
    FONT = "a font"
    MEDIA = "audio or video"
    MANIFEST = "a manifest"
    FILE = "a file"


_PLAUSIBLE: Mapping[Use, tuple[str, ...]] = {
    Use.PAGE: ("text/html", "application/xhtml+xml"),
    Use.SCRIPT: (
        "text/javascript",
        "application/javascript",
        "application/x-javascript",
        "text/ecmascript",
        "application/ecmascript",
    ),
    Use.STYLE: ("text/css",),
    Use.IMAGE: ("image/",),
    Use.FONT: ("font/", "application/font", "application/x-font", "application/vnd.ms-fontobject"),
    Use.MEDIA: ("audio/", "video/", "image/", "application/ogg", "application/vnd.apple.mpegurl", "application/x-mpeg"),
    Use.MANIFEST: ("application/manifest+json", "application/json", "text/json"),
}
"""Use → the beginnings of its content types."""
_ANY_FILE = (Use.FONT, Use.MEDIA)
"""Browsers accept these with the content type of unknown files too."""
_UNKNOWN = ("application/octet-stream", "binary/octet-stream")
_PAGES = (".html", ".htm", ".xhtml", "/")


def is_plausible(use: Use, path: str, content_type: str) -> bool:
    """Whether a file with this content type (without parameters) can have this use."""
    if use is Use.FILE:
        name = path.rpartition("/")[2]
        return content_type not in _PLAUSIBLE[Use.PAGE] or path.endswith(_PAGES) or "." not in name
    if use in _ANY_FILE and content_type in _UNKNOWN:
        return True
    return content_type.startswith(_PLAUSIBLE[use])
