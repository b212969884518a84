"""`selfright doctor` and `selfright status` against a whole local AWS."""

from dataclasses import replace

from tests.e2e.hands import ALARM
from tests.e2e.lab import Lab
from tests.e2e.seen import KEY


def test_an_installation_that_releases_has_no_problem(lab: Lab) -> None:
    """To an administrator, who may read everything; its alarms are heard by the controller's own rule."""
    code, document, said = replace(lab, person={}).command("doctor", KEY)
    trouble = [one for one in document["findings"] if one["severity"] == "problem"]
    assert (code, trouble) == (0, []), said
    assert {one["denied_action"] for one in document["findings"]} == {None}
    found = {(one["subject"], one["found"]) for one in document["findings"]}
    assert ("the distribution " + lab.targets["distribution_id"], "enabled and deployed") in found
    assert any(said.startswith("heard by the rule") for subject, said in found if subject == f"the alarm {ALARM}")


def test_a_releaser_is_told_what_could_not_be_read(lab: Lab) -> None:
    """Each with its action, and it is no problem of a release."""
    code, document, said = lab.command("doctor", KEY)
    assert (code, document["problems"]) == (0, 0), said
    assert "iam:GetRole" in {one["denied_action"] for one in document["findings"]}


def test_an_alias_moved_by_hand_is_said(lab: Lab) -> None:
    """By both commands, until it is put right; nobody is on the way, and nothing else would say it."""
    stable = lab.alias()["FunctionVersion"]
    moved = lab.move_alias(lab.publish_by_hand())["FunctionVersion"]
    _, standing, _ = lab.command("status", KEY)
    (found,) = [one for one in standing["compared"]["components"] if one["outcome"] == "changed"]
    assert (found["name"], found["found"], found["expected"]) == ("api", moved, stable)
    code, document, _ = lab.command("doctor", KEY)
    assert code == 1
    assert f"api is on {moved}" in [one["found"] for one in document["findings"]]

    lab.move_alias(stable)
    _, standing, _ = lab.command("status", KEY)
    assert {one["outcome"] for one in standing["compared"]["components"]} == {"as_released"}
