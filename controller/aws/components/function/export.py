"""The export of a Lambda function: the live version's configuration, the place of its code, and its API.

The values of environment variables are exported only where a release set them: the bundle and the environment hold
these in plain text already. Any other value may be a secret, so only the name of the variable is exported.
"""

from collections.abc import Mapping
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.apis import exported_api
from controller.aws.components.function.code import sha256_of
from controller.aws.components.function.configuration import variables_of
from controller.aws.components.function.kept_code import KeptCode
from controller.domain.components.function.target import LambdaTarget
from controller.domain.components.function.variables import RECORD, RECORDS
from controller.domain.deployment import Revision

KEPT = (
    "Handler", "Runtime", "MemorySize", "Timeout", "Role", "Architectures", "PackageType", "Layers", "VpcConfig",
    "TracingConfig", "EphemeralStorage", "DeadLetterConfig", "LoggingConfig", "SnapStart", "FileSystemConfigs",
    "KMSKeyArn", "ImageConfigResponse", "Description",
)  # fmt: skip
"""The exported members of a version's configuration; environment variables are not among them."""


class FunctionExport:
    """Exports one function with any kind of code."""

    def __init__(self, clients: Clients, bucket: str, target: LambdaTarget) -> None:
        """`bucket` keeps the code."""
        self._clients, self._target = clients, target
        self._code = KeptCode(clients, bucket)

    def of(self, revision: Revision) -> Mapping[str, Any]:
        """One call for the function, three to keep its code if it is new, up to four for its API."""
        name = self._target.function_name
        with calling("lambda:GetFunction", f"{name}:{revision.id}"):
            found = self._clients.functions.get_function(FunctionName=name, Qualifier=revision.id)
        configuration = dict(found["Configuration"])
        return {
            "function_name": name,
            "alias": self._target.alias,
            "version": revision.id,
            "code": self._kept(configuration, found.get("Code", {})),
            "configuration": {key: configuration[key] for key in KEPT if configuration.get(key)},
            "variables": exported_variables(configuration),
            "api": exported_api(self._clients, self._target),
        }

    def _kept(self, configuration: Mapping[str, Any], code: Mapping[str, Any]) -> dict[str, Any]:
        sha256 = sha256_of(configuration)
        if configuration.get("PackageType") == "Image":
            return {"sha256": sha256, "image": code.get("ResolvedImageUri") or code.get("ImageUri", "")}
        return {"sha256": sha256, "key": self._code.keep(sha256, str(code.get("Location", "")))}


def exported_variables(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a release set, with their values, and the names of all others."""
    variables = variables_of(configuration)
    released = {name for name in variables.get(RECORD, "").split(",") if name}
    return {
        "released": {name: value for name, value in sorted(variables.items()) if name in released},
        "others": sorted(variables.keys() - released - RECORDS),
    }
