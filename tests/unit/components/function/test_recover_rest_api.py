"""A REST API, changed and destroyed as people do, and recovered from its export."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from controller.aws.client.clients import Clients
from controller.aws.components.function.apis.rest_api import RestApiExport
from controller.errors import ChangedByOthersError
from selfright.components.function.recover_rest_api import RestApiRecovery
from selfright.components.recovered import RecoveryStep
from tests.unit.aws.fake_rest_api import API, STAGE, FakeRestApi, a_definition, an_integration

Recover = Callable[[], RestApiRecovery]
RATE = {"throttlingRateLimit": 100.0, "throttlingBurstLimit": 50, "metricsEnabled": True}


def recovery_of(api: FakeRestApi) -> Recover:
    """Export the API as it is now; what recovers it, made anew each time."""
    clients = Clients()
    clients.rest_gateway = api
    document = json.loads(json.dumps(RestApiExport(clients, API, STAGE).document(), default=str))
    return lambda: RestApiRecovery(clients, "api", document)


def done(recover: Recover) -> list[str]:
    """Do all, and see that nothing is left to do; what was done."""
    steps = [step for step in recover().plan() if step.level == "do"]
    for step in steps:
        step.act()
    assert [step for step in recover().plan() if step.level != "note"] == []
    return [step.text.removeprefix(f"REST API {API}: ") for step in steps]


def served(api: FakeRestApi) -> Any:  # noqa: ANN401 - JSON
    """The definition that visitors get."""
    return api.deployments[api.stages[STAGE]["deploymentId"]]


def test_what_is_as_it_was_needs_nothing() -> None:
    """Each export has a moment of its own, which is no difference."""
    assert recovery_of(FakeRestApi())().plan() == []


def test_a_stage_goes_back_to_the_deployment_of_then() -> None:
    """Its snapshot is exactly what visitors got: no definition is written."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.edited = a_definition(delete=an_integration("other"))
    api.deploy(STAGE)
    assert done(recover) == ["lead the stage prod back to the deployment d1"]
    assert (served(api), api.calls) == (a_definition(), ["UpdateStage"])


def test_another_deployment_of_the_same_definition_is_left_alone() -> None:
    """It serves the same."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.deploy(STAGE)
    assert recover().plan() == []


def test_a_deleted_deployment_is_made_from_the_definition() -> None:
    """The whole definition replaces what is edited, and is deployed to the stage."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.edited = a_definition(delete=an_integration("other"))
    api.deploy(STAGE)
    del api.deployments["d1"]
    assert done(recover) == ["put the definition of then, and deploy it to the stage prod"]
    assert api.calls == ["PutRestApi", "CreateDeployment"]
    assert served(api)["paths"] == a_definition()["paths"]


def test_a_definition_with_values_left_out_is_never_written() -> None:
    """It would put the words "left out" where a key was."""
    added = {"integration.request.header.x-key": "'hunter2-hunter2'"}
    api = FakeRestApi(a_definition(post=an_integration(requestParameters=added)))
    recover = recovery_of(api)
    api.edited = a_definition()
    api.deploy(STAGE)
    del api.deployments["d1"]
    (step,) = recover().plan()
    assert (step.level, "deploy the application's stack" in step.text) == ("cannot", True)


def hidden_template(secret: str) -> dict[str, Any]:
    """A definition whose integration adds a key of its own to requests."""
    template = {"application/json": f'{{"key": "{secret}"}}'}
    return a_definition(post=an_integration(requestTemplates=template))


def test_a_deployment_that_looks_the_same_is_not_taken_for_it_where_values_were_left_out() -> None:
    """The key may be another one, so the stage goes back to the deployment that has it."""
    api = FakeRestApi(hidden_template("hunter2-hunter2"))
    recover = recovery_of(api)
    api.edited = hidden_template("another-hunter2")
    api.deploy(STAGE)
    assert done(recover) == ["lead the stage prod back to the deployment d1"]
    assert served(api) == hidden_template("hunter2-hunter2")


def test_values_that_cannot_be_compared_any_more_are_said() -> None:
    """The deployment of then is gone: everything that was exported is the same, and the rest is for a person."""
    api = FakeRestApi(hidden_template("hunter2-hunter2"))
    recover = recovery_of(api)
    api.deploy(STAGE)
    del api.deployments["d1"]
    (step,) = recover().plan()
    assert (step.level, "except perhaps for values that were not exported" in step.text) == ("note", True)
    assert "hunter2" not in step.text


@pytest.mark.parametrize(
    ("lost", "text"),
    [
        (False, "create the stage prod again"),
        (True, "put the definition of then, and deploy it to the stage prod"),
    ],
)
def test_a_deleted_stage_is_made_again_with_its_settings(lost: bool, text: str) -> None:
    """From its deployment, or if that is gone too, from the definition."""
    api = FakeRestApi()
    api.stages[STAGE] |= {"tracingEnabled": True, "methodSettings": {"*/*": RATE}, "variables": {"LEVEL": "info"}}
    recover = recovery_of(api)
    del api.stages[STAGE]
    if lost:
        del api.deployments["d1"]
    notes = [step.text for step in recover().plan() if step.level == "note"]
    assert done(recover) == [text, "restore the settings of the stage prod"]
    assert (api.stages[STAGE]["methodSettings"], api.stages[STAGE]["tracingEnabled"]) == ({"*/*": RATE}, True)
    assert [note.partition("stage variable ")[2][:5] for note in notes] == ["LEVEL"]


def test_settings_of_methods_are_restored() -> None:
    """Of all methods and of one; those of a method that had none are removed."""
    api = FakeRestApi()
    api.stages[STAGE]["methodSettings"] = {"*/*": dict(RATE), "~1generate/POST": {"throttlingRateLimit": 5.0}}
    recover = recovery_of(api)
    api.stages[STAGE]["methodSettings"] = {
        "*/*": {**RATE, "throttlingRateLimit": 1.0},
        "~1health/GET": {"throttlingRateLimit": 1.0},
    }
    assert done(recover) == ["restore the settings of the stage prod"]
    assert api.stages[STAGE]["methodSettings"] == {"*/*": RATE, "~1generate/POST": {"throttlingRateLimit": 5.0}}


def test_logs_description_and_variables_are_restored() -> None:
    """What was added is removed, what was changed is as before."""
    api = FakeRestApi()
    logs = {"destinationArn": "arn:aws:logs:eu-central-1:111122223333:log-group:shop", "format": "$context.requestId"}
    api.stages[STAGE] |= {"accessLogSettings": dict(logs), "description": "for visitors"}
    recover = recovery_of(api)
    api.stages[STAGE] |= {
        "accessLogSettings": {**logs, "format": "$context.status"},
        "description": "mine",
        "tracingEnabled": True,
        "variables": {"DEBUG": "1"},
    }
    assert done(recover) == [
        "restore the settings of the stage prod",
        "remove the stage variables DEBUG, which did not exist",
    ]
    stage = api.stages[STAGE]
    assert (stage["accessLogSettings"], stage["description"], stage["tracingEnabled"]) == (logs, "for visitors", False)


def test_logs_that_were_added_are_removed() -> None:
    """Also when there were none at all."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.stages[STAGE]["accessLogSettings"] = {"destinationArn": "arn:any", "format": "any"}
    assert done(recover) == ["restore the settings of the stage prod"]
    assert "accessLogSettings" not in api.stages[STAGE]


def test_a_canary_of_the_stage_that_was_added_ends() -> None:
    """It would lead a share of the visitors elsewhere."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.stages[STAGE]["canarySettings"] = {"percentTraffic": 50.0, "deploymentId": "d9"}
    assert done(recover) == ["end the canary of the stage prod, which did not exist then"]


def test_a_canary_of_then_is_only_said() -> None:
    """Nobody wants half of a rollout back that ended since."""
    api = FakeRestApi()
    api.stages[STAGE]["canarySettings"] = {"percentTraffic": 50.0, "deploymentId": "d9"}
    recover = recovery_of(api)
    del api.stages[STAGE]["canarySettings"]
    (step,) = recover().plan()
    assert (step.level, "had a canary then" in step.text) == ("note", True)


def test_an_api_that_changes_meanwhile_is_left_alone() -> None:
    """It has no conditional writes, so it is read again before the first change."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.edited = a_definition(delete=an_integration("other"))
    api.deploy(STAGE)
    (step,) = recover().plan()
    mine = api.deploy(STAGE)
    with pytest.raises(ChangedByOthersError):
        step.act()
    assert api.stages[STAGE]["deploymentId"] == mine


def test_an_api_that_is_gone_comes_from_its_stack() -> None:
    """Nothing else knows its domain."""
    api = FakeRestApi()
    recover = recovery_of(api)
    api.gone = True
    steps: list[RecoveryStep] = recover().plan()
    assert [step.level for step in steps] == ["cannot"]
