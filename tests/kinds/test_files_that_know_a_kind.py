"""Only a kind's own folders and one line of each registry know the kind, and no other file of the product."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.aws.components import registry as on_aws
from controller.domain.components import registry as rules
from selfright.components import registry as here

ROOT = Path(rules.__file__ or "").parents[3]
SEARCHED = ("controller", "selfright")
"""The packages whose other files must not know a kind."""
APART = ("/selfright/cdk/", "/selfright/local/", "/selfright/proving/", "/selfright/bundling/schemas.py")
"""The constructs for users, the local AWS, and the questions to a real one, which do not use our kinds; and the list of
published schemas, of which that of settings is one."""
REGISTRIES = [Path(module.__file__ or "") for module in (rules, on_aws, here)]
ALIKE = {"parameters": r"/components/stack/"}
"""Kind → paths in which the same word means something else: the parameters of a template."""


def names_of(kind: str) -> re.Pattern[str]:
    """Finds the kind's name as a string, its modules, and its classes."""
    word = "".join(part.capitalize() for part in kind.split("_"))
    return re.compile(
        rf"[\"']{kind}[\"']|components[./]{kind}\b|\b{word}(Target|Artifact|Component|Export|Kind|Recovery)\b"
    )


def knowing(kind: str) -> Iterator[str]:
    """The files outside the kind's own folders that name it."""
    known, alike = names_of(kind), re.compile(ALIKE.get(kind, r"$^"))
    for path in (path for room in SEARCHED for path in sorted((ROOT / room).rglob("*.py"))):
        where = f"/{path.relative_to(ROOT).as_posix()}"
        if (
            path not in REGISTRIES
            and not where.startswith(APART)
            and f"/{kind}/" not in where
            and not alike.search(where)
            and known.search(path.read_text())
        ):
            yield where


@pytest.mark.parametrize("kind", ["database", "parameters", "stack", "state_machine"])
def test_no_other_file_knows_a_kind(kind: str) -> None:
    """No other file has its name as a string, its modules or its classes."""
    assert list(knowing(kind)) == []


@pytest.mark.parametrize("kind", ["function", "image", "site"])
def test_no_other_file_knows_the_classes_of_a_kind(kind: str) -> None:
    """The words mean other things too, the classes do not; an image is a function of Lambda and shares its adapters."""
    shared = "/image/" if kind == "function" else f"/{kind}/"
    classes = re.compile(rf"\b{kind.capitalize()}(Target|Artifact|Component|Export|Kind|Recovery)\b")
    files = [path for room in SEARCHED for path in sorted((ROOT / room).rglob("*.py"))]
    outside = {f"/{path.relative_to(ROOT).as_posix()}" for path in files if classes.search(path.read_text())}
    assert [
        one for one in sorted(outside) if f"/{kind}/" not in one and shared not in one and not one.startswith(APART)
    ] == []


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda path: path.parent.parent.name)
@pytest.mark.parametrize("kind", sorted(rules.KINDS))
def test_a_registry_has_one_line_for_a_kind(registry: Path, kind: str) -> None:
    """A new kind adds exactly this line."""
    lines = [line for line in registry.read_text().splitlines() if names_of(kind).search(line)]
    assert len(lines) == 1


def test_the_search_finds_files_that_know_a_kind() -> None:
    """The search finds a string, a module and a class."""
    for text in (
        'kind == "site"',
        "from controller.domain.components.site.index import x",
        "isinstance(x, SiteTarget)",
    ):
        assert names_of("site").search(text)
    assert not names_of("site").search("the site's files are in a folder")
