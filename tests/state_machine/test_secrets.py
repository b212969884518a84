"""Releases that need secrets, and that no value of one is ever written anywhere."""

import io
import json
from collections.abc import Callable, Iterator

import pytest
from moto.sns.models import sns_backends

from controller.aws.client.clients import client
from controller.domain.phases import Phase
from controller.handlers import entry
from controller.settings import Settings
from tests.builders import bundle_parts
from tests.state_machine import moto_engine
from tests.state_machine.scene import BUCKET, CHECKS, Scene

MakeScene = Callable[..., Scene]
VALUE = "sk-live-hunter2-hunter2"
OTHER = "postgres://hunter3@db"


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    """An environment that maps the secret `config`."""
    made = make_scene()
    made.configure(secrets={"config": secret_id(made)})
    made.is_live("1.0.0")
    return made


def secret_id(scene: Scene) -> str:
    """The secret's name in Secrets Manager."""
    return f"{scene.name}/prod/config"


def keep(scene: Scene, text: str) -> None:
    """Let this be the secret's value."""
    manager = client("secretsmanager")
    if any(one["Name"] == secret_id(scene) for one in manager.list_secrets()["SecretList"]):  # type: ignore[attr-defined]
        manager.put_secret_value(SecretId=secret_id(scene), SecretString=text)  # type: ignore[attr-defined]
    else:
        manager.create_secret(Name=secret_id(scene), SecretString=text)  # type: ignore[attr-defined]


def needing(scene: Scene, version: str, *keys: str) -> bytes:
    """A release that needs these keys of `config`."""
    parts = bundle_parts(version, version.encode(), application=scene.name, checks=CHECKS)
    return parts.needing(config=list(keys)).pack()


def test_a_release_begins_when_its_secrets_are_there(scene: Scene) -> None:
    """First the secret is missing, then a key of it; nothing is touched until both are there."""
    upload = needing(scene, "1.1.0", "OPENAI_KEY", "DB_URL")
    missing = scene.release("1.1.0", upload)
    assert (missing.phase, missing.restore_point) == (Phase.REJECTED, None)
    assert "does not exist" in missing.reason
    assert "Create it with OPENAI_KEY, DB_URL" in missing.next_step

    keep(scene, json.dumps({"OPENAI_KEY": VALUE}))
    half = scene.release("1.1.0", upload)
    assert (half.phase, half.reason) == (
        Phase.REJECTED,
        f"The secret 'config' ({secret_id(scene)}) has no value for DB_URL.",
    )
    assert "Stage component" not in scene.states

    keep(scene, json.dumps({"OPENAI_KEY": VALUE, "DB_URL": OTHER}))
    assert scene.release("1.1.0", upload).phase is Phase.SUCCEEDED
    scene.check()


def test_no_value_is_ever_written(
    scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a release that is rejected for its secret in any way, nor by one that goes live or is rolled back.

    Searched are the ledger, all objects, all parameters, all notifications, all that went through the workflow, and
    everything that was printed: the task that reads secrets runs once more, with its logs.
    """
    monkeypatch.setattr(entry, "SETTINGS", Settings(function="stage"))
    monkeypatch.setattr(entry, "WORLD", scene.world)
    log = io.StringIO()
    monkeypatch.setattr(entry.logger.registered_handler, "stream", log)
    scene.at("Record restore point", "before", lambda: handle(scene), nth=0)
    endings = []
    for number, secret in enumerate(
        [
            VALUE,
            json.dumps([VALUE]),
            f'{{"OPENAI_KEY": {VALUE}}}',
            json.dumps({"OTHER": VALUE, "OPENAI_KEY": ""}),
            json.dumps({"OPENAI_KEY": VALUE, "DB_URL": OTHER}),
        ]
    ):
        keep(scene, secret)
        endings.append(scene.release(f"1.{number}.1", needing(scene, f"1.{number}.1", "OPENAI_KEY")).phase)
    scene.at("Judge canary", "before", scene.alarm_flickers)
    endings.append(scene.release("1.9.0", needing(scene, "1.9.0", "OPENAI_KEY")).phase)
    scene.check()
    assert endings == [*[Phase.REJECTED] * 4, Phase.SUCCEEDED, Phase.ROLLED_BACK]

    written = list(everything(scene))
    printed = capfd.readouterr()
    logs = printed.out + printed.err + log.getvalue()
    assert '"task":"record_restore_point"' in logs
    assert any("has no value for OPENAI_KEY" in text for text in written)
    assert [text[:200] for text in [*written, logs] if "hunter" in text] == []


def handle(scene: Scene) -> None:
    """Record the restore point as Lambda does, with its logs."""
    deployment_id = scene.history()[-1].deployment_id
    entry.handler({"task": "record_restore_point", "deployment_id": deployment_id}, None)


def everything(scene: Scene) -> Iterator[str]:
    """All that is kept anywhere but in Secrets Manager itself."""
    yield from (json.dumps(item, default=str) for item in client("dynamodb").scan(TableName=scene.table)["Items"])
    s3 = client("s3")
    for one in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        yield s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])["Body"].read().decode("latin-1")
    ssm = client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
    yield from (json.dumps(one, default=str) for page in ssm for one in page["Parameters"])
    yield json.dumps(sns_backends[moto_engine.ACCOUNT][moto_engine.REGION].topics[scene.topic].sent_notifications)
    for execution in moto_engine.executions(f"{scene.name}-"):
        arn = execution.exec_arn
        yield json.dumps(client("stepfunctions").describe_execution(executionArn=arn), default=str)
        pages = client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
        yield from (json.dumps(page, default=str) for page in pages)
    yield json.dumps(scene.documents, default=str)
