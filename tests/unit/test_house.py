"""The house: no room is crowded, and a name means one thing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("controller", "selfright", "bootstrap_cdk", "devtools")
MOST = 16
"""Modules of a folder that one still overlooks."""
HANDLERS = Path("controller/handlers")
"""One module for each state, about ten lines each: as many as there are states."""
LAYERS = ("domain", "ports", "flow", "aws")
CONSTRUCTS = (Path("selfright/cdk"), Path("bootstrap_cdk"))
"""A construct has the name of what it creates or registers: an Environment is one on both sides."""
SAME_THING = {
    "Kind": "a kind of components: its rules, and how it is packed, planned and recovered",
    "KeptCode": "the kept code of a function: the controller keeps it, a recovery reads it",
}
"""Class name → why two classes have it: they are the two sides of one thing."""


def modules(*tops: str) -> list[Path]:
    """The product's modules below these folders, from the root of the repository; packages' own files apart."""
    found = [file for top in tops for file in sorted((ROOT / top).rglob("*.py"))]
    return [file.relative_to(ROOT) for file in found if file.name != "__init__.py"]


def is_of_a_kind(module: Path) -> bool:
    """Whether the module is in the folder of a kind of components, each of which has files of the same names."""
    return "components" in module.parts[:-2]


def classes(module: Path) -> Iterator[str]:
    """The public classes that a module defines."""
    for node in ast.parse((ROOT / module).read_text()).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def crowded(found: list[Path]) -> dict[str, int]:
    """Folders with more modules than one overlooks."""
    rooms: defaultdict[Path, int] = defaultdict(int)
    for module in found:
        rooms[module.parent] += 1
    return {str(room): count for room, count in rooms.items() if count > MOST and room != HANDLERS}


def shared(names: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    """Names that more than one module has."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, module in names:
        found[name].append(str(module))
    return {name: where for name, where in found.items() if len(where) > 1}


def test_no_room_is_crowded() -> None:
    """Who looks for something reads a folder's list at a glance."""
    assert crowded(modules(*PRODUCT)) == {}


def test_a_crowded_room_is_found() -> None:
    """One module too many is enough; the states' handlers may be more."""
    rooms = [Path("controller/x") / f"{number}.py" for number in range(MOST + 1)]
    assert crowded(rooms) == {"controller/x": MOST + 1}
    assert crowded([HANDLERS / one.name for one in rooms]) == {}


def test_the_flows_tests_mirror_its_modules() -> None:
    """The tests of `flow/x.py` are in `test_x.py`, in the same folder of the tests."""
    tests, flow = ROOT / "tests/unit/flow", ROOT / "controller/flow"
    found = [file.relative_to(tests) for file in tests.rglob("test_*.py")]
    tested = {file.with_name(file.name.removeprefix("test_")) for file in found}
    assert tested
    assert sorted(str(file) for file in tested if not (flow / file).is_file()) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_a_module_name_means_one_thing_in_a_layer(layer: str) -> None:
    """The same name in two layers is the same subject; within one layer it would be two subjects."""
    found = [module for module in modules(f"controller/{layer}") if not is_of_a_kind(module)]
    assert found
    assert shared((module.stem, module) for module in found) == {}


def test_a_class_name_means_one_thing() -> None:
    """Whoever reads a name in a message or a signature knows which class it is."""
    found = [module for module in modules(*PRODUCT) if not any(module.is_relative_to(one) for one in CONSTRUCTS)]
    names = shared((name, module) for module in found for name in classes(module))
    assert {name: where for name, where in names.items() if name not in SAME_THING} == {}


def test_a_class_name_means_one_thing_among_constructs() -> None:
    """A construct may be called like what it makes, but not like another construct."""
    found = [module for module in modules(*PRODUCT) if any(module.is_relative_to(one) for one in CONSTRUCTS)]
    assert found
    assert shared((name, module) for module in found for name in classes(module)) == {}
