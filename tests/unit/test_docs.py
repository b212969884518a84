"""The documentation says what is true: its commands exist, its links lead somewhere, its examples are valid."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pydantic import BaseModel

from bootstrap_cdk.settings import ControllerSettings, SmartPackSettings
from controller.domain.bundle.manifest import Manifest, make_manifest
from controller.domain.checks.check import Check
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.site_check import SiteCheck
from controller.domain.components.registry import KINDS, kind_of
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from devtools.commands import COMMANDS as DEV_COMMANDS
from selfright.cli import main
from tests.builders import a_bundle

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"node_modules", "dist", "cdk.out"}


def pages(folder: Path) -> Iterator[Path]:
    """Every Markdown file of the repository, but for what was installed or built."""
    for entry in sorted(folder.iterdir()):
        hidden = entry.name.startswith(".") and entry.name != ".github"
        if entry.is_dir() and not hidden and entry.name not in NOT_OURS:
            yield from pages(entry)
        elif entry.suffix == ".md":
            yield entry


PAGES = list(pages(ROOT))
INNER_ENDS = {"Step done", "Canary is healthy"}
"""Ends inside of a Map or a branch: the arrows go on after them."""
STANDS_FOR = {"DEPLOYMENT": "shop-prod-20260101T000000-abcdef"}


def blocks(page: Path, language: str) -> Iterator[str]:
    """The fenced blocks of a page in one language."""
    yield from re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Every command line of every page."""
    return [(page.name, line) for page in PAGES for block in blocks(page, "console") for line in block.splitlines()]


@pytest.mark.parametrize(("page", "line"), commands())
def test_every_command_in_the_docs_is_understood(page: str, line: str, tmp_path: Path) -> None:
    """A command that the docs show exists, with exactly these options."""
    program, *words = shlex.split(line)
    assert program in {"./dev", "selfright"}, f"{page}: {line}"
    if program == "./dev" and words[0] in DEV_COMMANDS:
        return
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop-1.4.0.zip").write_bytes(a_bundle())
    words = [STANDS_FOR.get(word, word) for word in words if word != "--local"]
    words = [str(tmp_path / word) if (tmp_path / word).exists() and word.startswith("shop") else word for word in words]
    context = click.Context(main, info_name="selfright")
    command = main.get_command(context, words[0])
    assert command is not None, f"{page}: {line}"
    command.make_context(words[0], words[1:], parent=context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_in_the_docs_leads_somewhere(page: Path) -> None:
    """A relative link or picture is a file of the repository, and its anchor a heading in it."""
    assert not list(_dead_links(page))


@pytest.mark.parametrize(
    "link", ["gone.md", "#no-heading", "other.md#no-heading", "![a picture](gone.svg)", "[text]: gone.md", "#in-code"]
)
def test_a_dead_link_is_found(link: str, tmp_path: Path) -> None:
    """A missing file, picture or heading, and a heading that is only part of an example."""
    (tmp_path / "other.md").write_text("# Other\n")
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```\n# In code\n```\n\n" + (link if "[" in link else f"[text]({link})") + "\n")
    (dead,) = _dead_links(page)
    assert dead in link


@pytest.mark.parametrize(
    "link",
    ["other.md", "#the-judges-page-1", "other.md#a-b--c_d", "https://example.com/x#y", "mailto:a@b.example", "."],
)
def test_a_living_link_is_not_told(link: str, tmp_path: Path) -> None:
    """Files, folders, addresses elsewhere, and anchors as the hosting platform makes them, of equal headings too."""
    (tmp_path / "other.md").write_text("# A `b` & [c_d](x.md)\n")
    page = tmp_path / "page.md"
    page.write_text(f"# The judge's page\n\n[text]({link})\n\n## The *judge's* page\n\n`[code](gone.md)`\n")
    assert not list(_dead_links(page))


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/**/*.md")), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_says_who_it_is_for(page: Path) -> None:
    """In one sentence, below its title."""
    title, blank, reader = page.read_text().splitlines()[:3]
    assert title.startswith("# ")
    assert not blank
    assert re.fullmatch(r"\*For: (?!.*\. ).+\.\*", reader), reader


def _dead_links(page: Path) -> Iterator[str]:
    """The relative links of a page that lead nowhere."""
    text = re.sub(r"`[^`\n]+`", "", _without_code(page))
    links = re.findall(r"\]\(<?([^)\s>]+)>?[^)]*\)", text) + re.findall(r"^\[[^\]]+\]: *(\S+)", text, re.MULTILINE)
    for target in links:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            yield target


def _without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the hosting platform makes them."""
    found: Counter[str] = Counter()
    anchors = set()
    for heading in re.findall(r"^#+ +(.*?) *$", _without_code(page), re.MULTILINE):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        anchors.add(f"{slug}-{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return anchors


def test_the_example_release_is_a_valid_manifest() -> None:
    """The `release.yaml` in the README is accepted as it stands."""
    (example,) = blocks(ROOT / "README.md", "yaml")
    assert make_manifest(yaml.safe_load(example)).version == "1.4.0"


def test_the_example_verification_is_valid() -> None:
    """So is the one in the bundle's page, which shows every kind of check."""
    (example,) = [one for one in blocks(ROOT / "docs" / "bundle.md", "yaml") if one.startswith("verification:")]
    everything = make_manifest({**a_manifest(), **yaml.safe_load(example)}).verification.everything
    assert {check.kind for check in everything} == {"http", "site", "load"}


@pytest.mark.parametrize("model", [Check, SiteCheck, LoadCheck])
def test_every_key_of_a_check_is_explained(model: type[BaseModel]) -> None:
    """As it is written in the file."""
    page = (ROOT / "docs" / "bundle.md").read_text()
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert not [name for name in names if f"`{name}`" not in page]


def a_manifest() -> dict[str, object]:
    """The README's release, to which the other page's verification belongs."""
    (example,) = blocks(ROOT / "README.md", "yaml")
    return dict(yaml.safe_load(example))


@pytest.mark.parametrize("machine", ["deploy", "rollback"])
def test_every_task_and_every_end_of_a_state_machine_is_in_its_picture(machine: str) -> None:
    """By its name, and so is every pause; Choices are the arrows, and broken ends of broken parts are left out."""
    picture = (ROOT / "state_machine" / f"{machine}.svg").read_text()
    definition = json.loads((ROOT / "state_machine" / f"{machine}.asl.json").read_text())
    drawn = [name for name, state in _states(definition) if state["Type"] in {"Task", "Wait", "Succeed"}]
    assert len(drawn) >= 5
    assert not [name for name in drawn if name not in picture and name not in INNER_ENDS]


def _states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in definition["States"].items():
        yield name, state
        inner = [state["ItemProcessor"]] if "ItemProcessor" in state else []
        for one in [*inner, *state.get("Branches", [])]:
            yield from _states(one)


def test_every_phase_is_explained() -> None:
    """The flow's page names every phase that a deployment can have."""
    page = (ROOT / "docs" / "flow.md").read_text()
    assert not [phase for phase in Phase if f"`{phase}`" not in page]


def test_every_setting_of_an_environment_is_explained_with_its_default() -> None:
    """The page of the environment's keys has every key of the model, and says the defaults that the code has."""
    page = (ROOT / "docs" / "environment-keys.md").read_text()
    judge = Environment.model_fields["judge"].default
    for name, value in _flat("judge", judge.model_dump()):
        assert f"| `{name}` | {_shown(value)} |" in page
    whole = Environment.model_construct().model_dump()
    for name in ("final_bake", "hook_timeout", "keep_revisions", "discard_after", "allow_private_urls"):
        assert f"| `{name}` | {_shown(whole[name])} |" in page


@pytest.mark.parametrize("model", [kind_of(name).target for name in KINDS])
def test_every_key_of_an_environments_component_is_explained(model: type[BaseModel]) -> None:
    """Where each kind of component runs."""
    page = (ROOT / "docs" / "environment-keys.md").read_text()
    assert not [name for name in model.model_fields if f"`{name}`" not in page and name != "kind"]


@pytest.mark.parametrize("model", [Manifest, *filter(None, (kind_of(name).artifact for name in KINDS))])
def test_every_key_of_a_release_is_explained(model: type[BaseModel]) -> None:
    """What a bundle says of itself and of each kind of component."""
    page = (ROOT / "docs" / "bundle.md").read_text()
    assert not [name for name in model.model_fields if not re.search(rf"`([a-z.<>]+\.)?{name}(\[\]|\.[^`]*)?`", page)]


@pytest.mark.parametrize(
    ("model", "page"), [(SmartPackSettings, "smartpack.md"), (ControllerSettings, "operations.md")]
)
def test_every_setting_of_a_stack_is_explained(model: type, page: str) -> None:
    """What `-c name=value` chooses, but for what `./dev cdk` sets itself."""
    text = (ROOT / "docs" / page).read_text()
    names = {one.name for one in fields(model)} - {"package", "python_runtime"}
    assert not [name for name in sorted(names) if f"`{name}`" not in text]


def _flat(name: str, value: object) -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        return [(name, value)]
    return [pair for key, member in value.items() for pair in _flat(f"{name}.{key}", member)]


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return f"`{value}`" if isinstance(value, str) else json.dumps(value)
