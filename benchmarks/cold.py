"""`cold`: what a cold start costs: the handlers' imports compared with bare boto3, byte code, the package, a release.

On AWS most handlers of a release are cold. The number of functions that they share decides how many cold starts it has.
"""

import shutil
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
BYTE_CODE, SDK = (
    shutil.ignore_patterns(*names) for names in (["__pycache__"], ["botocore", "dateutil", "six.py", "six.*.pyc"])
)
BARE = "import boto3\nboto3.client('dynamodb')"
CLIENT = "from controller.aws.client.clients import client\nclient('dynamodb')"
CLOCK = """\
import sys, time
sys.path[:0] = sys.argv[1:]
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
    with TemporaryDirectory(prefix="selfright-bench-") as folder:
        sdks = _sdk(Path(folder) / "compiled", compiled=True), _sdk(Path(folder) / "plain", compiled=False)
        imported = [_imports(package, sdks[0], rounds), _variants(package, *sdks, rounds)]
    return [*imported, _package(package), _releases(max(2, rounds // 2))]


def _imports(package: Path, sdk: Path, rounds: int) -> Table:
    """Import in fresh processes in turn, by the interpreter of the local Lambdas, with compiled modules as on AWS."""
    programs = {"bare boto3 with one client": BARE, **{group: _handler(group) for group in TASKS}}
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        for name, code in programs.items():
            once = _clock(sdk if code is BARE else package, code, name)
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


def _clock(package: Path, code: str, group: str, *more: Path) -> float:
    """Seconds of CPU; nothing is written, as on AWS. `more` folders come right after the package on the path."""
    own = {"SELFRIGHT_FUNCTION": group, "POWERTOOLS_SERVICE_NAME": "selfright", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(PYTHON), "-c", CLOCK.format(code=code), str(package), *map(str, more)]
    done = subprocess.run(command, env={**ENVIRONMENT, **own}, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _variants(package: Path, compiled: Path, uncompiled: Path, rounds: int) -> Table:
    """The same imports with and without byte code, with the package's botocore and with that of a runtime.

    It was not proven whether the SDK of AWS's runtime has byte code, so it is measured both ways.
    """
    with TemporaryDirectory(prefix="selfright-bench-") as folder:
        plain, bare, bare_plain = (Path(folder) / name for name in ("plain", "bare", "bare-plain"))
        shutil.copytree(package, plain, ignore=BYTE_CODE)
        shutil.copytree(package, bare, ignore=SDK)
        shutil.copytree(plain, bare_plain, ignore=SDK)
        variants = {
            "as it is: botocore and byte code in the package": [package],
            "byte code, botocore of a runtime with byte code": [bare, compiled],
            "byte code, botocore of a runtime without": [bare, uncompiled],
            "no byte code, botocore in the package": [plain],
            "no byte code, botocore of a runtime with byte code": [bare_plain, compiled],
            "no byte code anywhere": [bare_plain, uncompiled],
        }
        times: dict[str, list[float]] = {name: [] for name in variants}
        for number in range(rounds + 1):
            for name, paths in variants.items():
                once = _clock(paths[0], _handler("on_alarm"), "on_alarm", *paths[1:])
                times[name] += [once] if number else []
    least = median(times["as it is: botocore and byte code in the package"])
    table = Table("Cold import of selfright-on-alarm", ("", "milliseconds of CPU", "ratio"))
    table.rows += [(name, round(1000 * median(one)), ratio(median(one), least)) for name, one in times.items()]
    return table


def _sdk(folder: Path, *, compiled: bool) -> Path:
    """boto3 and what it needs, as a runtime has them beside the package: the emulator's."""
    where = "import botocore, pathlib; print(pathlib.Path(botocore.__file__).parents[1])"
    found = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    for name in ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "urllib3"):
        shutil.copytree(Path(found) / name, folder / name, ignore=BYTE_CODE)
    shutil.copy(Path(found) / "six.py", folder)
    if compiled:
        subprocess.run([str(PYTHON), "-m", "compileall", "-q", str(folder)], check=True)
    return folder


def _package(package: Path) -> Table:
    sizes = {path.relative_to(package): path.stat().st_size for path in package.rglob("*") if path.is_file()}
    source = {path: size for path, size in sizes.items() if "__pycache__" not in path.parts}
    own = [size for path, size in source.items() if path.parts[0] not in {"botocore", "dateutil", "six.py"}]
    with TemporaryDirectory(prefix="selfright-bench-") as folder:
        zipped = Path(shutil.make_archive(str(Path(folder) / "package"), "zip", package)).stat().st_size
    table = Table("The package, unzipped", ("", "MB", "goal"))
    table.rows.append(("without byte code and botocore", sum(own) / MB, "≤ 15"))
    table.rows.append((f"with botocore, for {len(lambda_package.SERVICES)} services", sum(source.values()) / MB, ""))
    table.rows.append(("with byte code too, as it goes to AWS", sum(sizes.values()) / MB, ""))
    table.rows.append(("that, zipped", zipped / MB, ""))
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
