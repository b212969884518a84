"""An application of settings alone on the local AWS: its releases with parameters and a secret, as it sees them."""

import json
from pathlib import Path

import pytest

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from selfright.local.place import ACCOUNT
from selfright.local_state import REGION
from tests.e2e.enforcing import permit
from tests.e2e.lab import Lab
from tests.registering import register

KEY = "cabin/prod"
PREFIX, SECRET = f"/{KEY}/settings", f"{KEY}/config"
VALUE = "hunter2-hunter2"
MANIFEST = """\
application: cabin
version: %s
components:
  settings: {kind: parameters, artifact: settings.yaml}
secrets:
  - {name: config, keys: [BOOKING_KEY]}
"""


@pytest.fixture
def cabin(installation: Lab) -> Lab:
    """The environment of the cabin, registered beside SmartPack's."""
    document = {
        "application": "cabin",
        "environment": "prod",
        "components": {"settings": {"kind": "parameters", "prefix": PREFIX}},
        "secrets": {"config": SECRET},
        "final_bake": "0s",
    }
    ssm = installation.client("ssm")
    register(ssm, document)
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET}-??????"
    reading = {"Action": "secretsmanager:GetSecretValue", "Resource": secret}
    permit(installation, "cabin", {"/smartpack/prod/settings": PREFIX}, reading)
    return installation


def release(lab: Lab, folder: Path, version: str, settings: str) -> str:
    """Bundle and upload a release of the cabin; the deployment's id."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "release.yaml").write_text(MANIFEST % version)
    (folder / "settings.yaml").write_text(settings)
    bundle = make_bundle(folder, folder.parent / f"{version}.zip").read_bytes()
    return lab.upload(bundle, f"incoming/{KEY}/{next(lab.numbers)}.zip")


def read(lab: Lab) -> dict[str, str]:
    """What the application reads: the pointer, then the whole revision that it names."""
    ssm = lab.client("ssm")
    current = ssm.get_parameter(Name=f"{PREFIX}/current")["Parameter"]["Value"]
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"{PREFIX}/revisions/{current}")
    return {one["Name"].rpartition("/")[2]: one["Value"] for page in pages for one in page["Parameters"]}


def test_settings_go_live_and_back_once_their_secret_is_there(cabin: Lab, tmp_path: Path) -> None:
    """Rejected without the secret; then two releases and one rollback, always with consistent settings."""
    refused = cabin.ended(release(cabin, tmp_path / "cabin", "1.0.0", "HUT: Spruce\nBEDS: 4\n"))
    assert (refused.phase, refused.restore_point) == (Phase.REJECTED, None)
    assert refused.reason.startswith(f"The secret 'config' ({SECRET}) cannot be read: ")
    assert "there is no such secret" in refused.next_step

    value = json.dumps({"BOOKING_KEY": VALUE})
    cabin.client("secretsmanager").create_secret(Name=SECRET, SecretString=value)
    first = cabin.ended(release(cabin, tmp_path / "cabin", "1.0.0", "HUT: Spruce\nBEDS: 4\n"))
    assert first.phase is Phase.SUCCEEDED, first.reason
    assert read(cabin) == {"HUT": "Spruce", "BEDS": "4"}

    settings = "\n".join([f"ROOM_{number}: free" for number in range(12)])
    second = cabin.ended(release(cabin, tmp_path / "cabin", "1.1.0", settings))
    assert (second.phase, [step.weight for step in second.steps]) == (Phase.SUCCEEDED, [100])
    assert read(cabin) == {f"ROOM_{number}": "free" for number in range(12)}

    code, document, said = cabin.command("rollback", "--environment", KEY, "--reason", "no rooms")
    assert (code, document["phase"]) == (0, "ROLLED_BACK"), said
    assert read(cabin) == {"HUT": "Spruce", "BEDS": "4"}
    assert VALUE not in json.dumps(cabin.client("dynamodb").scan(TableName=cabin.resources["table"])["Items"])
    logs = list((cabin.folder / "local").glob("*.log"))
    assert logs
    assert [log for log in logs if VALUE in log.read_text(errors="replace")] == []
