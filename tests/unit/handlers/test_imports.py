"""What a Lambda of the controller imports: bounded, because every cold start pays for it."""

import subprocess
import sys
from pathlib import Path

import controller
from controller.handlers.entry import TASKS

ROOT = Path(controller.__file__ or "").parents[1]
ALLOWED = {
    "controller",
    # AWS, with what it depends on
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    # the edges
    *("pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection", "yaml"),
    # logs and metrics, without the Tracer, which would bring the X-Ray SDK
    "aws_lambda_powertools",
    # what botocore and urllib3 use where it is installed, as it is not in our package
    *("certifi", "brotli", "zstandard", "backports"),
}
INTERPRETER = {"__main__", "cython_runtime"}
REPORT = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""
HANDLERS = [f"controller.handlers.{task}" for group in TASKS.values() for task in group]
EVERYTHING = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "controller").rglob("*.py"))
    if path.name != "__init__.py"
]


def imported(*modules: str) -> set[str]:
    """The packages, beyond Python's own, that a fresh interpreter holds after importing these modules."""
    command = [sys.executable, "-c", REPORT, *modules]
    environment = {"PYTHONPATH": str(ROOT), "POWERTOOLS_SERVICE_NAME": "selfright"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    names = set(done.stdout.split()) - set(sys.stdlib_module_names) - INTERPRETER
    return {name for name in names if not name.startswith(("_cython", "_sysconfigdata", "__editable", "_distutils"))}


def test_handlers_import_only_what_is_allowed() -> None:
    """No command line, no CDK, no numbers, no tracer."""
    assert imported("controller.handlers.entry", *HANDLERS) <= ALLOWED


def test_a_handler_imports_no_aws_of_its_own() -> None:
    """Adapters, and AWS behind them, are imported when they are first needed."""
    assert not imported(*HANDLERS) & {"boto3", "botocore"}


def test_all_of_the_controller_imports_only_what_is_allowed() -> None:
    """Every adapter included."""
    assert imported(*EVERYTHING) <= ALLOWED


def test_who_moves_visitors_reads_no_bundles() -> None:
    """The reaction to an alarm does not wait for imports that read manifests and templates."""
    moving = [
        f"controller.aws.components.{name}"
        for name in ("registry", "function.component", "image.component", "site.component")
    ]
    assert "yaml" not in imported("controller.handlers.on_alarm", *moving)
