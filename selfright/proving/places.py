"""How the sandbox's hosts are requested from this machine.

Requests go to the host's own domain. Where `AWS_ENDPOINT_URL` says that AWS is elsewhere, they go there, with the
domain as their host.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3

SECONDS = 5.0


@dataclass(frozen=True)
class Answered:
    """An answer: its status (0: none came), its text, and its headers (names in lower case), if they are known."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """Where a host of the sandbox is reached, and with which headers."""

    url: str
    headers: Mapping[str, str]


def address(domain: str, given: str = "") -> Address:
    """The address of one of the sandbox's domains; `given` is another URL at which it is reached."""
    if given:
        return Address(given.rstrip("/"), {})
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return Address(f"https://{domain}", {})
    return Address(endpoint.rstrip("/"), {"host": domain, "x-forwarded-proto": "https"})


def request(at: Address, path: str, headers: Mapping[str, str], method: str) -> Answered:
    """Request once, by a connection of its own, so that no edge location is kept; without an answer, status is 0."""
    sent = {**at.headers, "user-agent": "selfright-prove", **headers}
    try:
        with urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(SECONDS)) as pool:
            answer = pool.request(method, f"{at.url}{path}", headers=sent, redirect=False)
            found = {name.lower(): value for name, value in answer.headers.items()}
            return Answered(answer.status, answer.data.decode("utf-8", "replace"), found)
    except urllib3.exceptions.HTTPError as error:
        return Answered(0, type(error).__name__)
