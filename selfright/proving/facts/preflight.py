"""The CORS preflight as checks from outside send it."""

from collections.abc import Iterator

from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene

ORIGIN = "https://pages.example"
"""The origin that the sandbox's API allows."""
ASKED = {"origin": ORIGIN, "access-control-request-method": "GET", "cache-control": "no-cache"}
OF_API = ("api ", '{"error": "not released yet"}')
"""How the API's own answers begin: that of a release, and that of the placeholder."""


def measure(scene: Scene) -> Iterator[Finding]:
    """Send it for the origin that the API allows, and for another one."""
    reached = scene.here("/hello", host="ApiDomain")
    if not reached.text.startswith(OF_API):
        why = f"the API is not reached at its own domain here: a GET is answered with {reached.status}"
        yield NotMeasured("all of it", why)
        return
    for name, origin in (("an allowed origin", ORIGIN), ("another origin", "https://others.example")):
        answer = scene.here("/hello", {**ASKED, "origin": origin}, host="ApiDomain", method="OPTIONS")
        told = {key: value for key, value in sorted(answer.headers.items()) if key.startswith("access-control-")}
        said = ", ".join(f"{key}: {value}" for key, value in told.items()) or "no CORS headers"
        yield Measured(f"the preflight of {name}", f"status {answer.status}; {said}")


FACT = Fact(
    "cors_preflight",
    "api",
    "What does an HTTP API answer to the preflight that checks send?",
    "`OPTIONS` with `Origin` and `Access-Control-Request-Method` to the sandbox's API, from this machine.",
    measure,
)
