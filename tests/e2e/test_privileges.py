"""Permissions of people, as IAM enforces them; the whole run shows that functions have theirs."""

import boto3
import pytest
from botocore.exceptions import ClientError

from selfright.local_state import REGION
from tests.e2e.lab import Lab
from tests.e2e.seen import KEY


def test_releasers_can_change_no_application_by_hand(lab: Lab) -> None:
    """`SelfrightReleaser` reads what `selfright plan` needs, and changes things only through the controller."""
    keys = {name.lower(): value for name, value in lab.person.items()}
    functions = boto3.client("lambda", endpoint_url=lab.running.endpoint, region_name=REGION, **keys)
    name = lab.targets["function_name"]
    assert functions.get_function_configuration(FunctionName=name)["FunctionName"] == name
    with pytest.raises(ClientError, match="not authorized to perform: lambda:UpdateFunctionConfiguration"):
        functions.update_function_configuration(FunctionName=name, MemorySize=512)


@pytest.mark.parametrize(
    "words",
    [
        ("status", KEY),
        ("history", KEY),
        ("show", "DEPLOYMENT"),
        ("explain", "DEPLOYMENT"),
        ("plan", "FOLDER", "--environment", KEY, "--no-build"),
        ("backtest", "--environment", KEY, "--days", "1"),
    ],
    ids=lambda words: words[0],
)
def test_releasers_may_read_everything(lab: Lab, words: tuple[str, ...]) -> None:
    """Every command that only reads needs only `SelfrightReleaser`."""
    known = {"DEPLOYMENT": lab.lock().live}
    if "FOLDER" in words:
        known["FOLDER"] = str(lab.source(lab.new_version()))
    code, document, said = lab.command(*(known.get(word, word) for word in words))
    assert (code, "error" in document) == (0, False), (document, said)
