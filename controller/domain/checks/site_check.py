"""The site check: a page, and everything that it needs from its own origin."""

from typing import Literal

from controller.domain.checks.check import Placed
from controller.domain.checks.requests import Path
from controller.domain.names import Name


class SiteCheck(Placed):
    """Loads a page with its scripts, styles, images, fonts, preloads and manifest: all of them must be there."""

    component: Name
    """The site of this release whose page is loaded."""
    kind: Literal["site"]
    """`site`: a page, with all that it needs from its own origin."""
    path: Path = "/"
    """The page's path, / if unsaid."""

    @property
    def name(self) -> str:
        """Its name in messages: `page / of web`."""
        return f"page {self.path} of {self.component}"

    @property
    def request(self) -> tuple[object, ...]:
        """The request without the expected answer."""
        return self.component, self.kind, self.path
