"""The order between components."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.bundle.manifest import parse_manifest
from controller.domain.bundle.waves import waves_of
from controller.errors import InvalidBundleError
from tests.builders import bundle_parts

NAMES = list("abcdefgh")
orders = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)), min_size=1).map(
    # Only existing names that sort before it: so there are no cycles.
    lambda after: {
        name: {other for other in others if other < name and other in after} for name, others in after.items()
    }
)


@given(orders)
def test_every_component_is_in_the_earliest_possible_wave(after: dict[str, set[str]]) -> None:
    """It is in the first wave after all the components that it waits for, and only once."""
    waves = waves_of(after)
    at = {name: number for number, wave in enumerate(waves) for name in wave}
    assert sorted(chain(*waves)) == sorted(after)
    assert all(at[name] == max((at[other] + 1 for other in after[name]), default=0) for name in after)
    assert all(list(wave) == sorted(wave) for wave in waves)


def test_without_an_order_there_is_one_wave() -> None:
    """It has all components."""
    assert waves_of({"site": [], "api": []}) == (("api", "site"),)


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ({"api": ["api"]}, r"`components.api.after` names 'api' itself"),
        ({"api": ["apo"]}, r"`components.api.after` 'apo' is not a component of this release \(these are: api\)"),
        (
            {"a": ["b"], "b": ["c"], "c": ["a"]},
            r"`components.a.after` has a cycle, each after the next: a → b → c → a;",
        ),
    ],
)
def test_an_impossible_order_is_refused(after: dict[str, list[str]], message: str) -> None:
    """The message has the mistake and its place."""
    with pytest.raises(ValueError, match=message):
        waves_of(after)


def test_a_bundle_with_an_impossible_order_is_refused() -> None:
    """It is refused before anything is touched, with the manifest's key."""
    manifest = bundle_parts().manifest
    manifest["components"]["site"]["after"] = ["apo"]
    with pytest.raises(InvalidBundleError, match=r"`components.site.after` 'apo' is not a component"):
        parse_manifest(str(manifest).encode())


def test_a_manifest_has_its_waves() -> None:
    """The site comes after the API."""
    manifest = bundle_parts().manifest
    manifest["components"]["site"]["after"] = ["api"]
    assert parse_manifest(str(manifest).encode()).waves == (("api",), ("site",))
