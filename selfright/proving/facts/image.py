"""Which rights an update of a function's container image needs; measured only when asked for (`--image`)."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import DENIED, error_code
from selfright.proving.fact import Fact
from selfright.proving.names import IMAGE, TAGS
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene

PATIENCE = 600.0
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
READ, LAYERS = "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"
TRIES = {"no right in the repository": (), f"{READ} alone": (READ,), f"{READ} and {LAYERS}": (READ, LAYERS)}
PULLS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": [READ, LAYERS]},
    ],
}
"""What Lambda itself needs in the repository, whoever calls it."""


def measure(scene: Scene) -> Iterator[Finding]:
    """Update a function's image in sessions with fewer and more rights."""
    try:
        repository, images = _repository(scene), [_push(scene, text) for text in ("one", "two")]
        _create(scene, f"{repository['repositoryUri']}@{images[0]}")
        results = {
            what: _is_allowed(scene, repository, images[number % 2], actions)
            for number, (what, actions) in enumerate(TRIES.items(), 1)
        }
        if all(results.values()):
            yield NotMeasured("all of it", "IAM is not enforced here: a session without any right in ECR could update")
            return
        for what, is_allowed in results.items():
            yield Measured(f"lambda:UpdateFunctionCode with {what}", "allowed" if is_allowed else "denied")
    finally:
        delete(scene.client("lambda"), scene.client("ecr"))


def delete(functions: Any, registry: Any) -> list[str]:  # noqa: ANN401 - boto3's clients
    """Delete the function and the repository, if they are there; returns what was deleted, in words."""
    calls = {
        f"the function {IMAGE}": lambda: functions.delete_function(FunctionName=IMAGE),
        f"the repository {IMAGE}": lambda: registry.delete_repository(repositoryName=IMAGE, force=True),
    }
    return [what for what, call in calls.items() if _deleted(call)]


def _deleted(call: Any) -> bool:  # noqa: ANN401 - a call without arguments
    try:
        call()
    except ClientError as error:
        if error_code(error) in {"ResourceNotFoundException", "RepositoryNotFoundException"}:
            return False
        raise
    return True


def _repository(scene: Scene) -> dict[str, Any]:
    registry = scene.client("ecr")
    made = registry.create_repository(repositoryName=IMAGE, tags=TAGS)["repository"]
    registry.set_repository_policy(repositoryName=IMAGE, policyText=json.dumps(PULLS))
    return dict(made)


def _push(scene: Scene, text: str) -> str:
    """Push an image that holds one file; returns its digest. It is never run."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("bootstrap")
        entry.size, entry.mode = len(text), 0o755
        archive.addfile(entry, io.BytesIO(text.encode()))
    layer = gzip.compress(file.getvalue(), mtime=0)
    rootfs = {"type": "layers", "diff_ids": [_digest(file.getvalue())]}
    settings = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/bootstrap"]}, "rootfs": rootfs}
    config = json.dumps(settings).encode()
    blobs = {CONFIG: config, LAYER: layer}
    described = [{"mediaType": kind, "digest": _digest(blob), "size": len(blob)} for kind, blob in blobs.items()]
    for blob in blobs.values():
        _upload(scene.client("ecr"), blob)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
    put = scene.client("ecr").put_image(
        repositoryName=IMAGE, imageManifest=json.dumps(manifest), imageManifestMediaType=MANIFEST, imageTag=text
    )
    return str(put["image"]["imageId"]["imageDigest"])


def _upload(registry: Any, blob: bytes) -> None:  # noqa: ANN401 - boto3's client
    upload = registry.initiate_layer_upload(repositoryName=IMAGE)["uploadId"]
    registry.upload_layer_part(
        repositoryName=IMAGE, uploadId=upload, partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob
    )
    registry.complete_layer_upload(repositoryName=IMAGE, uploadId=upload, layerDigests=[_digest(blob)])


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _create(scene: Scene, uri: str) -> None:
    calls = scene.client("lambda")
    role = calls.get_function_configuration(FunctionName=scene.outputs["Subject"])["Role"]
    given = {"FunctionName": IMAGE, "PackageType": "Image", "Code": {"ImageUri": uri}, "Role": role}
    calls.create_function(**given, Tags={one["Key"]: one["Value"] for one in TAGS})
    _until_ready(scene)


def _until_ready(scene: Scene) -> None:
    def ready() -> bool:
        found = scene.client("lambda").get_function_configuration(FunctionName=IMAGE)
        return (found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")) == ("Active", "Successful")

    scene.until("the function's image", ready, PATIENCE)


def _is_allowed(scene: Scene, repository: dict[str, Any], digest: str, actions: tuple[str, ...]) -> bool:
    """Whether a session with these rights in the repository may set the function to this image."""
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": "*"}]
    if actions:
        statements.append({"Effect": "Allow", "Action": [*actions], "Resource": repository["repositoryArn"]})
    session = scene.as_caller({"Version": "2012-10-17", "Statement": statements})
    try:
        session.update_function_code(FunctionName=IMAGE, ImageUri=f"{repository['repositoryUri']}@{digest}")
    except ClientError as error:
        if error_code(error) in DENIED:
            return False
        raise
    _until_ready(scene)
    return True


FACT = Fact(
    "image_rights",
    "image",
    "Which rights in ECR does an update of a function's image need?",
    "A function with an image of one file is set to another image, in sessions of a role with fewer and more rights.",
    measure,
    5,
)
