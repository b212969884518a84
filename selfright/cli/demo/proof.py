"""Proof from outside: what a visitor gets from the app after the deployment has ended."""

import re
from dataclasses import dataclass

import urllib3

VISITS = 40
"""The number of different visitors; with 10 % still on a canary, all of them miss it once in seventy times."""
SITE_VERSION = re.compile(rb'<meta name="smartpack-version" content="([^"]+)"')


@dataclass(frozen=True)
class Seen:
    """The versions that visitors got from the API and from the site."""

    api: frozenset[str]
    site: frozenset[str]

    def is_only(self, version: str) -> bool:
        """Whether all visitors got this version from both."""
        return self.api == self.site == frozenset({version})


def visit(edge_url: str) -> Seen:
    """Send requests like different visitors; an unreadable answer counts as the version "none"."""
    with urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(5)) as pool:
        agents = [{"user-agent": f"Proof/{number}"} for number in range(VISITS)]
        api = frozenset(_api(pool, f"{edge_url}/health", agent) for agent in agents)
        site = frozenset(_site(pool, f"{edge_url}/", agent) for agent in agents)
    return Seen(api, site)


def _api(pool: urllib3.PoolManager, url: str, headers: dict[str, str]) -> str:
    answer = pool.request("GET", url, headers=headers)
    return str(answer.json().get("version", "none")) if answer.status == 200 else "none"  # noqa: PLR2004


def _site(pool: urllib3.PoolManager, url: str, headers: dict[str, str]) -> str:
    found = SITE_VERSION.search(pool.request("GET", url, headers=headers).data)
    return found[1].decode() if found else "none"


def served(edge_url: str, version: str) -> tuple[int, int]:
    """How many API requests this Lambda version answered at the edge, and how many of them failed."""
    with urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(5)) as pool:
        counts = pool.request("GET", f"{edge_url}/.selfright/edge").json()["api"].get(version, {})
    return counts.get("ok", 0) + counts.get("failed", 0), counts.get("failed", 0)
