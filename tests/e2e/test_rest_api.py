"""A function behind a REST API on the local AWS: released, checked through the API, exported and recovered."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import urllib3

from controller.domain.phases import Phase
from selfright.bundling.bundle import make_bundle
from selfright.local.place import ACCOUNT
from selfright.local_state import REGION
from tests.e2e.enforcing import permit
from tests.e2e.lab import Lab
from tests.e2e.test_node import zipped
from tests.registering import register

KEY, FUNCTION, STAGE = "pier/prod", "pier-prod-api", "prod"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"
MANIFEST = """\
application: pier
version: %s
components:
  api: {kind: function, artifact: api, handler: app.handler, runtime: python3.13}
verification:
  checks:
    - {component: api, path: /boats/7, json: {boat: "7", version: %s, stage: prod}}
"""
"""The path parameter and the stage are in the event only as a REST API makes it."""
CODE = """\
import json

def handler(event, context):
    told = {"boat": event["pathParameters"]["id"], "stage": event["requestContext"]["stage"], "version": %r}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(told)}
"""
Place = tuple[Lab, str]


@pytest.fixture
def pier(installation: Lab) -> Place:
    """The pier's function and its REST API, as its own stack would make them, and its environment; the API's id."""
    functions, gateway = installation.client("lambda"), installation.client("apigateway")
    role = installation.client("iam").create_role(RoleName=FUNCTION, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = {"ZipFile": zipped("app.py", CODE % "0.0.0")}
    functions.create_function(FunctionName=FUNCTION, Runtime="python3.13", Handler="app.handler", Role=role, Code=code)
    version = functions.publish_version(FunctionName=FUNCTION)["Version"]
    functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
    api = gateway.create_rest_api(name="pier")["id"]
    (root,) = gateway.get_resources(restApiId=api)["items"]
    boats = gateway.create_resource(restApiId=api, parentId=root["id"], pathPart="boats")["id"]
    boat = gateway.create_resource(restApiId=api, parentId=boats, pathPart="{id}")["id"]
    put_method(gateway, api, boat, "GET")
    gateway.create_deployment(restApiId=api, stageName=STAGE)
    target = {
        "kind": "function",
        "function_name": FUNCTION,
        "url": f"{installation.running.endpoint}/_aws/execute-api/{api}/{STAGE}",
        "rest_api_id": api,
        "rest_api_stage": STAGE,
    }
    at_once = {"deployment_preference": {"type": "AllAtOnce"}, "final_bake": "0s", "allow_private_urls": True}
    document = {"application": "pier", "environment": "prod", "components": {"api": target}, **at_once}
    register(installation.client("ssm"), document)
    place = f"arn:aws:apigateway:{REGION}::/restapis/{api}/stages/{STAGE}"
    reading = {"Action": "apigateway:GET", "Resource": [place, f"{place}/exports/oas30"]}
    permit(installation, "pier", {"smartpack-prod-api": FUNCTION}, reading)
    return installation, api


def put_method(gateway: Any, api: str, resource: str, verb: str) -> None:  # noqa: ANN401 - boto3's client
    """A method that calls the function by its alias."""
    place = {"restApiId": api, "resourceId": resource, "httpMethod": verb}
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{ARN}:live/invocations"
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)


def release(lab: Lab, folder: Path, version: str, code: str) -> str:
    """Bundle and upload a release of the pier; the deployment's id."""
    source = folder / version
    (source / "api").mkdir(parents=True)
    (source / "release.yaml").write_text(MANIFEST % (version, version))
    (source / "api" / "app.py").write_text(code)
    bundle = make_bundle(source, folder / f"{version}.zip").read_bytes()
    return lab.upload(bundle, f"incoming/{KEY}/{next(lab.numbers)}.zip")


def seen(pier: Place) -> Mapping[str, Any]:
    """What a visitor gets through the REST API."""
    lab, api = pier
    url = f"{lab.running.endpoint}/_aws/execute-api/{api}/{STAGE}/boats/7"
    return dict(urllib3.request("GET", url, retries=False).json())


def test_a_function_behind_a_rest_api_is_released_and_recovered(pier: Place, tmp_path: Path) -> None:
    """Its checks come by the API before traffic and from outside; the stage goes back to its deployment of then."""
    lab, api = pier
    gateway = lab.client("apigateway")
    deployed = gateway.get_stage(restApiId=api, stageName=STAGE)["deploymentId"]
    first = lab.ended(release(lab, tmp_path, "1.0.0", CODE % "1.0.0"))
    assert first.phase is Phase.SUCCEEDED, first.reason
    assert seen(pier) == {"boat": "7", "stage": STAGE, "version": "1.0.0"}
    broken = lab.ended(release(lab, tmp_path, "1.1.0", CODE % "1.1.0?"))
    assert broken.phase is Phase.ROLLED_BACK
    assert "Check failed before traffic: GET /boats/7 of api" in broken.reason
    assert seen(pier)["version"] == "1.0.0"

    second = lab.ended(release(lab, tmp_path, "1.2.0", CODE % "1.2.0"))
    assert second.phase is Phase.SUCCEEDED, second.reason
    assert seen(pier)["version"] == "1.2.0"
    key = f"restore-points/{KEY}/{second.deployment_id}/api.json"
    kept = json.load(lab.s3.get_object(Bucket=lab.resources["bucket"], Key=key)["Body"])["api"]
    assert (kept["rest_api_id"], kept["stage"]["deploymentId"]) == (api, deployed)
    assert "get" in kept["definition"]["paths"]["/boats/{id}"]

    boat = next(one["id"] for one in gateway.get_resources(restApiId=api)["items"] if one["path"] == "/boats/{id}")
    put_method(gateway, api, boat, "DELETE")
    gateway.create_deployment(restApiId=api, stageName=STAGE)
    code, document, said = lab.command("restore", second.deployment_id)
    assert (code, document["restored"], document["trouble"]) == (0, True, []), said
    assert any(f"lead the stage {STAGE} back to the deployment {deployed}" in one["text"] for one in document["steps"])
    assert gateway.get_stage(restApiId=api, stageName=STAGE)["deploymentId"] == deployed
    assert seen(pier)["version"] == "1.0.0"
