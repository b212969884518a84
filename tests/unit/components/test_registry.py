"""The kinds on a person's machine are found by their names, and each is imported only when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from controller.domain.components import registry as rules
from controller.errors import InvalidBundleError
from selfright.components import registry
from selfright.components.kind import Kind
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.registry import kind_of


def test_every_kind_of_the_rules_has_its_own_here() -> None:
    """Under the same name."""
    assert registry.KINDS.keys() == rules.KINDS.keys()
    assert [kind_of(name).name for name in registry.KINDS] == list(registry.KINDS)


def test_what_a_kind_does_not_do_is_said() -> None:
    """A kind that only the controller knows is not compared, and cannot be packed."""
    kind, known = kind_of("queue"), ComponentPlan("jobs", "queue", "unknown", "7")
    assert type(kind) is Kind
    assert kind.plan(None, None, known, None) is known  # type: ignore[arg-type]
    assert (list(kind.stays(None)), kind.metrics(None)) == ([], None)
    assert kind.lambda_calls(known, 2, 5) == LambdaCalls()
    with pytest.raises(
        InvalidBundleError, match="of kind queue, which this version of Selfright cannot put into a bundle"
    ):
        kind.pack(type("Packing", (), {"place": Path("jobs")})(), None)


@pytest.mark.parametrize("asked", sorted(registry.KINDS))
def test_only_the_kind_that_is_asked_for_is_imported(asked: str) -> None:
    """And of it nothing that it does not do yet: no AWS. What runs on Lambda shares the kind `function`."""
    code = (
        f"import sys; from selfright.components.registry import kind_of; kind_of({asked!r});"
        "mine = [m.split('.') for m in sys.modules if m.startswith('selfright.components.')];"
        "aws = any(m == 'boto3' or m.startswith('controller.aws') for m in sys.modules);"
        "print(sorted(m[2] for m in mine if len(m) == 3), aws)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    shared = ["function"] if asked == "image" else []
    rooms = sorted({"examined", "kind", "planned", "recovered", "registry", asked, *shared})
    assert said.strip() == f"{rooms} False"
