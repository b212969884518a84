"""The export of the API in front of a function: an HTTP API, or a REST API with the stage that visitors use."""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.clients import Clients
from controller.domain.components.function.target import LambdaTarget


def exported_api(clients: Clients, target: LambdaTarget) -> Mapping[str, Any] | None:
    """The document of the API that the environment names; None when it names none. Raises `NotFoundError`.

    Functions behind the same API share it for a few seconds.
    """
    which = (target.api_id, target.rest_api_id, target.rest_api_stage)
    return clients.recent.of(which, lambda: _read(clients, target))


def _read(clients: Clients, target: LambdaTarget) -> Mapping[str, Any] | None:
    if target.api_id:
        from controller.aws.components.function.apis.http_api import HttpApiExport  # noqa: PLC0415 - if it is one

        return HttpApiExport(clients, target.api_id).document()
    if target.rest_api_id:
        from controller.aws.components.function.apis.rest_api import RestApiExport  # noqa: PLC0415 - if it is one

        return RestApiExport(clients, target.rest_api_id, target.rest_api_stage).document()
    return None
