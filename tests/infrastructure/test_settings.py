"""Settings: from code, and from `cdk -c name=value`."""

from pathlib import Path
from typing import Any

import pytest
from constructs import Node

from bootstrap_cdk import app as cdk
from bootstrap_cdk.settings import (
    ControllerSettings,
    ErrorAlarm,
    SettingsError,
    SmartPackSettings,
    controller_settings,
    smartpack_settings,
)
from selfright.cdk import Judge


def _node(**context: str) -> Node:
    app = cdk.new_app()
    for name, value in context.items():
        app.node.set_context(name, value)
    return app.node


def test_without_a_package_the_error_says_how_to_build_it() -> None:
    """The first thing that a newcomer forgets has a clear answer."""
    with pytest.raises(SettingsError, match=r"\./dev package"):
        controller_settings(_node())


def test_a_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    """Nothing else is zipped up and deployed by mistake."""
    with pytest.raises(SettingsError, match="no controller/handlers"):
        ControllerSettings(tmp_path)


def test_the_command_ends_with_the_message_instead_of_a_traceback() -> None:
    """`cdk deploy` without its context prints one sentence."""
    said = []
    cdk.main(cdk.new_app(), said.append)
    assert "controller_package" in said[0]


def test_the_controllers_settings_come_from_the_context(package: Path) -> None:
    """Numbers and booleans are read as such."""
    node = _node(controller_package=str(package), python_runtime="python3.14", protected="false", alarm_reserve="5")
    expected = ControllerSettings(Path(package), python_runtime="python3.14", protected=False, alarm_reserve=5)
    assert controller_settings(node) == expected


def test_smartpacks_settings_come_from_the_context() -> None:
    """Values that are not plain words are JSON; missing ones keep their defaults."""
    node = _node(environment="staging", strategy='[{"weight": 5, "bake": "1m"}]', judge='{"evaluate_every": "5s"}')
    expected = SmartPackSettings(
        environment="staging", strategy=[{"weight": 5, "bake": "1m"}], judge=Judge(evaluate_every="5s")
    )
    assert smartpack_settings(node) == expected


def test_the_alarm_can_be_chosen_too() -> None:
    """A JSON object becomes the settings of the alarm."""
    assert smartpack_settings(_node(alarm='{"threshold": 9}')).alarm == ErrorAlarm(threshold=9)


def test_a_setting_that_does_not_exist_is_an_error() -> None:
    """A misspelt part of a setting is not silently left out."""
    with pytest.raises(SettingsError, match="evaluation_second"):
        smartpack_settings(_node(judge='{"evaluation_second": 5}'))


CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/0f0f0f0f-0000-4000-8000-000000000000"
DOMAIN = {"domain_name": "pack.example.com"}


@pytest.mark.parametrize(
    ("half", "message"),
    [
        (DOMAIN, "needs a certificate_arn"),
        ({"certificate_arn": CERTIFICATE}, "needs its domain_name"),
        ({**DOMAIN, "hosted_zone_id": "Z123"}, "domain_name together"),
        ({"hosted_zone_id": "Z123", "hosted_zone_name": "example.com"}, "domain_name together"),
        ({"waf": True, "web_acl_arn": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/a/b"}, "one of the two"),
        ({"waf": True}, "-c account"),
        ({**DOMAIN, "hosted_zone_id": "Z123", "hosted_zone_name": "example.com", "region": "eu-west-1"}, "-c account"),
        ({"account": "111122223333"}, "-c account"),
    ],
)
def test_half_of_a_setting_is_refused(half: dict[str, Any], message: str) -> None:
    """It would fail in the middle of the deployment."""
    with pytest.raises(SettingsError, match=message):
        SmartPackSettings(**half)


def test_an_account_is_no_number() -> None:
    """It only looks like one."""
    assert smartpack_settings(_node(account="111122223333", region="eu-west-1")).account == "111122223333"


def test_each_environment_has_its_own_stack() -> None:
    """Production is `SmartPack`, staging is `SmartPack-staging`."""
    names = [cdk.stack_name(SmartPackSettings(environment=name)) for name in ("prod", "staging")]
    assert names == ["SmartPack", "SmartPack-staging"]
