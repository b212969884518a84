"""A kind is known to its own folders and to one line of each registry, and to nobody else in the product."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.aws.components import registry as on_aws
from controller.domain.components import registry as rules
from selfright.components import registry as here

ROOT = Path(rules.__file__ or "").parents[3]
SEARCHED = ("controller", "selfright")
"""The packages in which nobody may know a kind."""
APART = ("/selfright/cdk/", "/selfright/local/")
"""Where the kinds of constructs are listed for users; and the local AWS, which stands in for AWS without our kinds."""
REGISTRIES = [Path(module.__file__ or "") for module in (rules, on_aws, here)]
ALIKE = {"parameters": r"/components/stack/"}
"""Kind → where the same word means something else: the parameters of a template."""


def names_of(kind: str) -> re.Pattern[str]:
    """The kind's name as a text, its modules, and its classes."""
    word = kind.capitalize()
    return re.compile(
        rf"[\"']{kind}[\"']|components[./]{kind}\b|\b{word}(Target|Artifact|Component|Export|Kind|Recovery)\b"
    )


def knowing(kind: str) -> Iterator[str]:
    """The files outside of the kind's own folders that name it."""
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


@pytest.mark.parametrize("kind", ["database", "parameters", "stack"])
def test_nobody_else_knows_a_kind(kind: str) -> None:
    """Not its name as a text, no module and no class of it."""
    assert list(knowing(kind)) == []


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda path: path.parent.parent.name)
@pytest.mark.parametrize("kind", sorted(rules.KINDS))
def test_a_registry_has_one_line_of_a_kind(registry: Path, kind: str) -> None:
    """That is what a new kind adds there."""
    lines = [line for line in registry.read_text().splitlines() if names_of(kind).search(line)]
    assert len(lines) == 1


def test_the_search_finds_who_knows() -> None:
    """It would see a text, a module and a class."""
    for text in (
        'kind == "site"',
        "from controller.domain.components.site.index import x",
        "isinstance(x, SiteTarget)",
    ):
        assert names_of("site").search(text)
    assert not names_of("site").search("the site's files are in a folder")
