"""The export of a site: its routing function, the index of the revision's files, and CloudFront's distribution.

Headers that a distribution adds to requests to its origins often hold a shared secret: only their names are exported.
"""

import json
from collections.abc import Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.site.files import SiteFiles
from controller.aws.components.site.routing import index_key, sharing_in, site_in
from controller.domain.components.site.index import INDEX_BYTES
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Revision
from controller.domain.restore_point import LEFT_OUT


class SiteExport:
    """Exports one site."""

    def __init__(self, clients: Clients, target: SiteTarget) -> None:
        self._clients, self._target = clients, target
        self._files = SiteFiles(clients, target.bucket)

    def of(self, revision: Revision) -> Mapping[str, Any]:
        """Two calls, and one for the distribution if the environment names it."""
        return {
            "bucket": self._target.bucket,
            "revision": revision.id,
            **self._index(revision.id),
            "routing": self._routing(),
            "distribution": self.distribution(),
        }

    def _index(self, revision: str) -> dict[str, Any]:
        """The revision's files with their digests, and the folders that it shares with others (None: names tell it).

        `application` is the path of its page for every address without a file, if it is an application.
        """
        if not revision:
            return {"index": {"files": {}}, "folders": [], "application": ""}
        data, metadata = self._files.read(index_key(revision), INDEX_BYTES)
        page = site_in(metadata, self._target.fallback).get("application", "")
        return {"index": json.loads(data), "folders": sharing_in(metadata).folders, "application": page}

    def _routing(self) -> dict[str, Any]:
        name = self._target.routing_function
        with calling("cloudfront:GetFunction", f"{name} (LIVE)"):
            found = self._clients.routing.get_function(Name=name, Stage="LIVE")
            code = found["FunctionCode"].read().decode()
        return {"function": name, "code": code}

    def distribution(self) -> dict[str, Any] | None:
        """CloudFront's distribution; None when the environment does not name it."""
        if not (distribution := self._target.distribution_id):
            return None
        with calling("cloudfront:GetDistributionConfig", distribution):
            found = self._clients.routing.get_distribution_config(Id=distribution)
        return {"id": distribution, "etag": found["ETag"], "configuration": _discreet(found["DistributionConfig"])}


def _discreet(configuration: Mapping[str, Any]) -> dict[str, Any]:
    origins = [
        {**origin, "CustomHeaders": _without_values(origin.get("CustomHeaders", {}))}
        for origin in configuration.get("Origins", {}).get("Items", [])
    ]
    return {**configuration, "Origins": {"Quantity": len(origins), "Items": origins}}


def _without_values(headers: Mapping[str, Any]) -> dict[str, Any]:
    items = [{"HeaderName": one["HeaderName"], "HeaderValue": LEFT_OUT} for one in headers.get("Items", [])]
    return {"Quantity": len(items), **({"Items": items} if items else {})}
