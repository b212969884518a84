"""A function in JavaScript, released to the local AWS as the Python one is, with an environment's own variables."""

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from selfright.local.edge import payload
from selfright.local.edge.http import EdgeRequest
from tests.e2e.enforcing import permit
from tests.e2e.lab import Lab
from tests.registering import register

KEY, FUNCTION = "harbour/prod", "harbour-prod-api"
SOURCE = Path(__file__).with_name("api_node")
MANIFEST = """\
application: harbour
version: %s
components:
  api:
    kind: function
    artifact: api_node
    handler: app.handler
    runtime: nodejs22.x
    memory: 256
    timeout: 10s
    variables: {NODE_ENV: production, LOG_LEVEL: info, AI_MODEL: llama3.2}
verification:
  checks:
    - {component: api, path: /health, json: {greeting: %s, told.NODE_ENV: production, told.LOG_LEVEL: debug}}
"""
OF_THE_ENVIRONMENT = {"LOG_LEVEL": "debug", "OLLAMA_HOST": "10.0.0.7:11434", "CORS_ORIGIN": "https://harbour.example"}
HEALTH = payload.event(EdgeRequest("GET", "/health", {}, b"", "127.0.0.1"))


@pytest.fixture
def harbour(installation: Lab) -> Lab:
    """The harbour's function, as its own stack would make it, and its environment beside SmartPack's."""
    functions = installation.client("lambda")
    role = installation.client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions.create_function(
        FunctionName=FUNCTION,
        Runtime="nodejs22.x",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": zipped("index.js", "exports.handler = async () => ({ statusCode: 503 });")},
        Environment={"Variables": {"OF_THE_TEMPLATE": "yes"}},
    )
    version = functions.publish_version(FunctionName=FUNCTION)["Version"]
    functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
    target = {"kind": "function", "function_name": FUNCTION, "alias": "live", "variables": OF_THE_ENVIRONMENT}
    at_once = {"deployment_preference": {"type": "AllAtOnce"}, "final_bake": "0s"}
    document = {"application": "harbour", "environment": "prod", "components": {"api": target}, **at_once}
    ssm = installation.client("ssm")
    register(ssm, document)
    permit(installation, "harbour", {"smartpack-prod-api": FUNCTION})
    return installation


def zipped(name: str, text: str) -> bytes:
    """A zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def link_packages(modules: Path, greeting: str) -> None:
    """Packages as pnpm lays them out: `greet`, and `words`, which only `greet` finds."""
    greet, words = modules / ".pnpm/greet@1.0.0/node_modules", modules / ".pnpm/words@2.0.0/node_modules"
    for place, code in ((greet / "greet", 'module.exports = () => require("words");'), (words / "words", "")):
        place.mkdir(parents=True)
        (place / "index.js").write_text(code or f"module.exports = {json.dumps(greeting)};\n")
    (modules / "greet").symlink_to(".pnpm/greet@1.0.0/node_modules/greet")
    (greet / "words").symlink_to("../../words@2.0.0/node_modules/words")


def release(lab: Lab, folder: Path, version: str, greeting: str, promised: str) -> str:
    """Bundle and upload a release that greets like this, and promises to greet like that."""
    source = folder / version
    shutil.copytree(SOURCE, source / SOURCE.name)
    (source / SOURCE.name / "greeting.js").write_text('exports.greeting = require("greet")();\n')
    link_packages(source / SOURCE.name / "node_modules", greeting)
    (source / "release.yaml").write_text(MANIFEST % (version, promised))
    bundle = make_bundle(source, folder / f"{version}.zip").read_bytes()
    return lab.upload(bundle, f"incoming/{KEY}/{next(lab.numbers)}.zip")


def live(lab: Lab) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The configuration of the version that the alias leads to, and what that version answers."""
    functions = lab.client("lambda")
    arn = functions.get_alias(FunctionName=FUNCTION, Name="live")
    version = f"{arn['AliasArn'].rsplit(':', 1)[0]}:{arn['FunctionVersion']}"
    answer = json.load(functions.invoke(FunctionName=version, Payload=json.dumps(HEALTH))["Payload"])
    configuration = functions.get_function_configuration(FunctionName=version)
    return configuration, json.loads(answer["body"])


def test_a_node_function_is_released_and_rolled_back(harbour: Lab, tmp_path: Path) -> None:
    """Its version has the variables of release, environment and template; a bad one is rolled back."""
    first = harbour.ended(release(harbour, tmp_path, "1.0.0", "hello", "hello"))
    assert first.phase is Phase.SUCCEEDED, first.reason
    configuration, answer = live(harbour)
    assert (configuration["Runtime"], configuration["Handler"]) == ("nodejs22.x", "app.handler")
    assert (configuration["MemorySize"], configuration["Timeout"]) == (256, 10)
    assert configuration["Environment"]["Variables"]["OF_THE_TEMPLATE"] == "yes"
    assert answer["greeting"] == "hello"
    assert answer["node"].startswith("v")
    assert answer["told"] == {"NODE_ENV": "production", "AI_MODEL": "llama3.2", **OF_THE_ENVIRONMENT}

    second = harbour.ended(release(harbour, tmp_path, "1.1.0", "ahoy", "ahoy"))
    assert second.phase is Phase.SUCCEEDED, second.reason
    assert live(harbour)[1]["greeting"] == "ahoy"

    bad = harbour.ended(release(harbour, tmp_path, "1.2.0", "undefined", "ahoy"))
    assert bad.phase is Phase.ROLLED_BACK
    assert "Check failed before traffic: GET /health of api" in bad.reason
    assert live(harbour)[1]["greeting"] == "ahoy"
