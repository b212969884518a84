"""The registered environments in SSM: parts of a document, of which half a set is never believed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.environments import SsmEnvironments, environment_keys
from controller.errors import InvalidEnvironmentError, TransientError, UnknownEnvironmentError
from tests.registering import part_of, register
from tests.unit.aws.ledger_table import client

ROOT = "/selfright/smartpack/prod"
API = {"kind": "function", "function_name": "f", "variables": {"KEY": "s3cret"}}
WRITTEN = {"application": "smartpack", "environment": "prod", "components": {"api": API}}
MANY = 300


@pytest.fixture
def ssm() -> Iterator[Any]:
    """A parameter store without parameters."""
    with mock_aws():
        yield client("ssm")


def put(ssm: Any, values: Mapping[object, str]) -> SsmEnvironments:  # noqa: ANN401 - a client
    """The environments, with these parameters below `smartpack/prod`."""
    for name, value in values.items():
        ssm.put_parameter(Name=f"{ROOT}/{name}", Value=value, Type="String", Overwrite=True)
    return SsmEnvironments(ssm)


def parts(*pieces: Mapping[str, Any], digest: str = "first") -> dict[object, str]:
    """The parameters of a set with these pieces."""
    return {number: part_of(one, number, len(pieces), digest) for number, one in enumerate(pieces, 1)}


def components(*names: str) -> dict[str, Any]:
    """A piece of the document with these components."""
    return {"components": dict.fromkeys(names, API)}


def names_in(environments: SsmEnvironments) -> list[str]:
    """The components that are read."""
    return list(environments.get("smartpack", "prod").components)


def test_an_environment_is_read_by_application_and_name(ssm: Any) -> None:  # noqa: ANN401 - a client
    """The upload's key has both names."""
    assert put(ssm, parts(WRITTEN)).get("smartpack", "prod").key == "smartpack/prod"


def test_parts_are_joined_into_one_document(ssm: Any) -> None:  # noqa: ANN401 - a client
    """Objects are merged, also within a component, and lists are joined in the order of the parts."""
    variables = {"components": {"api": {"variables": {"OTHER": "o"}}}}
    alarms = [{"deployment_preference": {"alarms": [name]}} for name in ("errors", "latency")]
    read = put(ssm, parts(WRITTEN, variables, *alarms, components("web"))).document("smartpack", "prod")
    assert read["components"] == {"api": {**API, "variables": {"KEY": "s3cret", "OTHER": "o"}}, "web": API}
    assert read["deployment_preference"]["alarms"] == ["errors", "latency"]


def test_hundreds_of_components_are_read(ssm: Any) -> None:  # noqa: ANN401 - a client
    """However many parts they need: one call reads ten."""
    pieces = [components(*(f"c{number}-{one}" for one in range(10))) for number in range(MANY // 10)]
    assert len(names_in(put(ssm, parts(WRITTEN, *pieces)))) == MANY + 1


NEW = parts(WRITTEN, components("new"), components("newer"), digest="second")
OLD = parts(WRITTEN, components("old"), components("older"))


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({**OLD, 1: NEW[1]}, id="the first is new"),
        pytest.param({**NEW, 1: OLD[1]}, id="the first is old"),
        pytest.param({**NEW, 3: OLD[3]}, id="the last is old"),
        pytest.param({1: NEW[1], 2: NEW[2]}, id="the last is not there yet"),
        pytest.param({2: NEW[2], 3: NEW[3]}, id="the first is not there yet"),
        pytest.param({**parts(WRITTEN, components("old")), 1: NEW[1]}, id="there was one less"),
        pytest.param({**OLD, 1: parts(WRITTEN, components("new"), digest="second")[1]}, id="there will be one less"),
        pytest.param({**NEW, 3: NEW[2]}, id="one is there twice"),
    ],
)
def test_half_a_set_is_asked_for_again(ssm: Any, seen: dict[object, str]) -> None:  # noqa: ANN401 - a client
    """CloudFormation is writing, or a read is stale: that passes, so it is no refusal, and no other document either."""
    with pytest.raises(TransientError, match=f"{ROOT} is not whole at the moment"):
        put(ssm, seen).get("smartpack", "prod")
    assert names_in(put(ssm, NEW)) == ["api", "new", "newer"]


def test_a_part_that_is_not_needed_any_more_is_left_alone(ssm: Any) -> None:  # noqa: ANN401 - a client
    """CloudFormation deletes it after it has written the others, or never, if it may not."""
    environments = put(ssm, {**OLD, **parts(WRITTEN, components("new"), digest="second")})
    assert names_in(environments) == ["api", "new"]


@pytest.mark.parametrize("name", ["notes", "0", "4", "10", "2/1"])
def test_a_stray_parameter_is_left_alone(ssm: Any, name: str) -> None:  # noqa: ANN401 - a client
    """Somebody keeps something below the environment's path: only the numbers of the set are read."""
    assert names_in(put(ssm, {**OLD, name: "not a part"})) == ["api", "old", "older"]


def test_parts_that_contradict_each_other_are_an_error(ssm: Any) -> None:  # noqa: ANN401 - a client
    """The construct writes no such set."""
    with pytest.raises(InvalidEnvironmentError, match="have the key 'application'"):
        put(ssm, parts(WRITTEN, WRITTEN)).get("smartpack", "prod")


def test_an_unknown_environment_is_named(ssm: Any) -> None:  # noqa: ANN401 - a client
    """The message names the parameter in which it should be."""
    with pytest.raises(UnknownEnvironmentError, match="/selfright/smartpack/test/1"):
        SsmEnvironments(ssm).get("smartpack", "test")


@pytest.mark.parametrize("value", ["not json", "[]", json.dumps(WRITTEN), part_of({**WRITTEN, "final_bake": "soon"})])
def test_a_broken_environment_says_what_is_wrong(ssm: Any, value: str) -> None:  # noqa: ANN401 - a client
    """The message has the place and the fault, but no values, because they may be secrets."""
    with pytest.raises(InvalidEnvironmentError, match=f"SSM parameters? {ROOT}/") as caught:
        put(ssm, {1: value}).get("smartpack", "prod")
    assert "s3cret" not in str(caught.value)


def test_environments_are_listed_by_their_first_parts() -> None:
    """Each once, and nothing else below the controller's path."""
    names = ["controller", "shop/prod/1", "shop/prod/2", "shop/prod/notes", "shop/2/1", "shop/1", "a/b/c/1"]
    assert environment_keys(f"/selfright/{name}" for name in names) == ["shop/2", "shop/prod"]


def test_half_a_set_is_read_again_until_it_is_whole() -> None:
    """CloudFormation writes the parts within seconds; a task that met them in between must not fail for it."""
    with mock_aws():
        ssm = client("ssm")
        register_half(ssm)
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 2:
                register(ssm, DOCUMENT)

        assert SsmEnvironments(ssm, sleep).document("smartpack", "prod") == DOCUMENT
        assert slept == [3, 3]


def test_while_a_set_is_changed_the_last_whole_one_is_as_good() -> None:
    """An alarm must not wait for CloudFormation."""
    with mock_aws():
        ssm = client("ssm")
        register(ssm, DOCUMENT)
        known = SsmEnvironments(ssm, lambda _: pytest.fail("it waited"))
        assert known.document("smartpack", "prod") == DOCUMENT
        register_half(ssm)
        assert known.document("smartpack", "prod") == DOCUMENT


DOCUMENT = {"application": "smartpack", "environment": "prod", "components": {}}


def register_half(ssm: Any) -> None:  # noqa: ANN401 - a client
    """The first of two parts, without the second."""
    value = part_of(DOCUMENT, 1, 2)
    ssm.put_parameter(Name="/selfright/smartpack/prod/1", Value=value, Type="String", Overwrite=True)
