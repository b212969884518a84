"""Answers requests to the site from the emulator's CloudFront, by the distribution's Host header."""

import urllib3

from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.http import EdgeRequest, EdgeResponse, error
from selfright.local.edge.targets import Targets

REVISION_HEADER = "x-amz-meta-revision"
"""Object metadata that says which site revision a page belongs to, if its uploader wrote it."""

NOT_PASSED_ON = {"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
NOT_PASSED_BACK = {"connection", "date", "server", "transfer-encoding"}


class Site:
    """Fetches from the distribution, with the visitor's own User-Agent and address."""

    def __init__(self, endpoint: str, counts: EdgeCounts) -> None:
        timeout = urllib3.Timeout(connect=2, read=30)
        self._pool = urllib3.connection_from_url(endpoint, maxsize=32, retries=False, timeout=timeout)
        self._counts = counts

    def learn(self) -> None:
        """Nothing to do: the emulator runs what is published at once."""

    def answer(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """Pass the request on; an emulator that cannot answer gives a 502."""
        try:
            reply = self._pool.request(
                request.method,
                request.target,
                body=request.body or None,
                headers=self._headers(request, targets),
                redirect=False,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError as problem:
            return error(502, f"The site could not be reached: {problem}")
        headers = tuple((name.lower(), value) for name, value in reply.headers.items())
        if reply.headers.get("content-type", "").startswith("text/html"):
            self._counts.add("site", reply.headers.get(REVISION_HEADER, "unknown"), reply.status)
        return EdgeResponse(reply.status, reply.data, tuple(one for one in headers if one[0] not in NOT_PASSED_BACK))

    def _headers(self, request: EdgeRequest, targets: Targets) -> dict[str, str]:
        kept = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
        return {
            **kept,
            "host": targets.distribution_domain,
            "x-forwarded-for": request.visitor,
            "x-forwarded-proto": "https",  # visitors of AWS come by HTTPS; a distribution would redirect others
        }
