"""Names of files of a site that mean something to Selfright."""

from typing import Literal

NotFoundHandling = Literal["single-page-application", "404-page"]
INDEX_NAME = ".index.json"
"""The index's name in a revision's folder; so no file of a site may have this name."""
MISSING_NAME = ".404.html"
"""The name in a revision's folder of the page for what is missing; so no file of a site may have this name."""
INDEX_PAGE = "index.html"
"""The page of a folder, and of an application unless its environment names another one."""
REDIRECTS_NAME, HEADERS_NAME = "_redirects", "_headers"
"""Files that say how a site is served; visitors do not see them."""
OWN = frozenset({INDEX_NAME, MISSING_NAME, HEADERS_NAME, REDIRECTS_NAME})
"""Names in a revision's folder that visitors do not see."""
