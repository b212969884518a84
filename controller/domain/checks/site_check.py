"""The site check: a page, and everything that it needs from its own origin."""

from typing import Literal

from controller.domain.checks.check import Placed
from controller.domain.checks.requests import Path
from controller.domain.names import Name


class SiteCheck(Placed):
    """Load a page with its scripts, styles, images, fonts, preloads and manifest: every one must be there."""

    component: Name
    kind: Literal["site"]
    path: Path = "/"

    @property
    def name(self) -> str:
        """What people call it: `page / of web`."""
        return f"page {self.path} of {self.component}"

    @property
    def request(self) -> tuple[object, ...]:
        """What is asked, without what is expected."""
        return self.component, self.kind, self.path
