"""`cold`: what a cold start costs: the handlers' imports compared with bare boto3, the package, a cold release.

On AWS most handlers of a release are cold. The number of functions that they share decides how many cold starts it has.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Table, median, ratio
from benchmarks.local import GROUPS, local_aws
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import SMALL, build
from controller.handlers.entry import TASKS
from selfright import lambda_package
from selfright.local.emulator import PYTHON

MB = 1_000_000
BARE = "import boto3\nboto3.client('dynamodb')"
CLIENT = "from controller.aws.client.clients import client\nclient('dynamodb')"
CLOCK = """\
import sys, time
sys.path.insert(0, sys.argv[1])
started = time.process_time()
{code}
print(time.process_time() - started)
"""
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
}
IN_A_ROW = ("receive", "validate", "wait_for_lock", "record_restore_point", "stage", "test", "shift", "verify", "complete")  # fmt: skip # noqa: E501
"""The tasks of an all-at-once release in their order (both components are staged at the same time)."""


def run(rounds: int) -> list[Table]:
    """Imports, package, releases."""
    package = lambda_package.build(lambda_package.host())
    return [_imports(package, rounds), _package(package), _releases(max(2, rounds // 2))]


def _imports(package: Path, rounds: int) -> Table:
    """Import in fresh processes in turn, by the interpreter of the local Lambdas, with compiled modules as on AWS."""
    programs = {"bare boto3 with one client": BARE, **{group: _handler(group) for group in TASKS}}
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, code in programs.items():
            once = _clock(package, code, name)
            times[name] += [once] if number else []
    floor = median(times["bare boto3 with one client"])
    table = Table("Cold import, with one client", ("", "milliseconds of CPU", "ratio", "goal"))
    for name, seconds in times.items():
        shown = name if name.startswith("bare") else f"selfright-{name.replace('_', '-')}"
        goal = "" if name.startswith("bare") else "≤ 1.4×"
        table.rows.append((shown, round(1000 * median(seconds)), ratio(median(seconds), floor), goal))
    table.notes.append(
        "The entry, the group's handlers and their flow, the ledger and its client. Medians; imports wait for nothing."
    )
    return table


def _handler(group: str) -> str:
    modules = "\n".join(f"import controller.handlers.{task}" for task in TASKS[group])
    return f"import controller.handlers.entry\n{modules}\n{CLIENT}"


def _clock(package: Path, code: str, group: str) -> float:
    own = {"SELFRIGHT_FUNCTION": group, "POWERTOOLS_SERVICE_NAME": "selfright", "POWERTOOLS_METRICS_NAMESPACE": "x"}
    command = [str(PYTHON), "-c", CLOCK.format(code=code), str(package)]
    done = subprocess.run(command, env={**ENVIRONMENT, **own}, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _package(package: Path) -> Table:
    sizes = {path: path.stat().st_size for path in package.rglob("*") if path.is_file()}
    source = sum(size for path, size in sizes.items() if "__pycache__" not in path.parts)
    table = Table("The package, unzipped, without boto3", ("", "MB", "goal"))
    table.rows.append(("as it goes to AWS", source / MB, "≤ 15"))
    table.rows.append(("with compiled modules, as the local AWS has it", sum(sizes.values()) / MB, ""))
    return table


def _releases(rounds: int) -> Table:
    """The same release on warm and on cold functions, in turn."""
    warm, cold = [], []
    with local_aws() as aws, TemporaryDirectory(prefix="selfright-bench-") as folder:
        selfright = Selfright(aws)
        selfright.reset()
        selfright.release(build(SMALL, Path(folder) / "0", 0))
        for number in range(rounds):
            selfright.chill()
            cold.append(selfright.release(build(SMALL, Path(folder) / "cold", 2 * number + 1)))
            warm.append(selfright.release(build(SMALL, Path(folder) / "warm", 2 * number + 2)))
    return _groupings(median(warm), median(cold))


def _groupings(warm: float, cold: float) -> Table:
    """The times of other groupings, computed: the measured cold start, once for each function in a row."""
    grouped = {next(group for group, tasks in TASKS.items() if task in tasks) for task in IN_A_ROW}
    start = (cold - warm) / len(grouped)
    table = Table("A release at once, 20 files", ("functions", "cold starts in a row", "seconds", "÷ warm", "how"))
    table.rows.append(("any, all warm", 0, warm, ratio(warm, warm), "measured"))
    table.rows.append((f"{len(GROUPS)}, by privilege", len(grouped), cold, ratio(cold, warm), "measured"))
    for name, starts in (("one for each handler", len(IN_A_ROW)), ("one for all (one role may do everything)", 1)):
        seconds = warm + starts * start
        table.rows.append((name, starts, seconds, ratio(seconds, warm), "computed"))
    table.notes.append(f"A cold start costs {1000 * start:.0f} ms here: unpacking, a process, imports, clients.")
    return table
