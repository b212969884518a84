"""`site`: staging a site of 5,000 files: time and requests of the first upload and of 1 % changed, and pool sizes."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from botocore.credentials import Credentials

from benchmarks.counting import counting
from benchmarks.figures import Table, median, ratio
from benchmarks.local import Aws, local_aws
from benchmarks.ways.bare import Bare
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import KB, LARGE, Work, build
from controller.aws.client.clients import Clients
from controller.aws.components.site.quick_puts import QuickPuts
from selfright.local_state import CREDENTIALS

WORK = Work(LARGE.files, LARGE.site_bytes, 10 * KB)
POOLS = (1, 2, 4, 8, 16)
SAMPLE = 1000
"""Files that are uploaded to compare pool sizes."""
BEYOND = 5
"""Requests that the goal allows in addition to the changed files and the listing."""


class _Clients(Clients):
    """The controller's clients, for the local AWS whatever the environment variables say."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(Credentials(*CREDENTIALS.values()))
        self.__dict__["objects"] = aws.s3


def run(rounds: int) -> list[Table]:
    """Measure from the restore point to the staged site in the ledger: the Lambda's time with its invocation."""
    with local_aws() as aws, TemporaryDirectory(prefix="selfright-bench-") as folder:
        return [_staging(aws, Path(folder), rounds), _pools(aws, Path(folder))]


def _staging(aws: Aws, folder: Path, rounds: int) -> Table:
    selfright, bare = Selfright(aws), Bare(aws)
    times: dict[str, list[float]] = {"first": [], "changed": [], "bare first": [], "bare changed": []}
    for number in range(rounds + 1):
        selfright.reset()
        bare.reset()
        for change, name in enumerate(("first", "changed")):
            made = build(WORK, folder / name, change)
            selfright.release(made)
            seconds, floor = selfright.seconds_between("restore_point", "staged", "site:"), bare.release(made)
            if number:
                times[name].append(seconds)
                times[f"bare {name}"].append(floor)
            if wrong := selfright.wrong(made):
                raise RuntimeError(f"the site is wrong: {wrong[:3]}")
    objects = _requests(aws, selfright, folder)
    table = Table("Staging a site of 5,000 files, 100 MB", ("", "seconds", "bare parallel PUTs", "ratio", "goal"))
    for name, goal in (("first", "≤ 1.6×"), ("changed", "≤ 1.2 s")):
        ours, floor = median(times[name]), median(times[f"bare {name}"])
        table.rows.append((f"{name} (1 %: {WORK.changed} files)" if name == "changed" else name, ours, floor, ratio(ours, floor), goal))  # fmt: skip # noqa: E501
    allowed = round(1.2 * WORK.changed) + BEYOND
    table.notes.append(f"Requests to the bucket with 1 % changed: {objects}; goal: ≤ {allowed} beside the listing.")
    return table


def _requests(aws: Aws, selfright: Selfright, folder: Path) -> str:
    """The requests to the site's bucket in a release with 1 % changed, including its checks and its pruning."""
    made = build(WORK, folder / "changed", 2)
    with counting(aws.endpoint) as (address, counts):
        selfright.use(address)
        selfright.release(made)
        kinds = counts.objects(aws.site.bucket)
        selfright.use(aws.endpoint)
    listings = kinds.pop("GET list", 0)
    return f"{kinds.total()} ({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))}), and {listings} listings"


def _pools(aws: Aws, folder: Path) -> Table:
    """Seconds by number of connections, for 1,000 of the files: by the controller's uploads, and by bare requests."""
    made = build(WORK, folder / "pools", 0)
    bodies = {key: path.read_bytes() for key, path in list(made.files().items())[:SAMPLE]}
    sha256s = {key: made.sha256(key) for key in bodies}
    quick = QuickPuts(_Clients(aws), aws.site.bucket)
    bare = Bare(aws, 16, "pools")

    def put(key: str) -> None:
        if not quick.put(f"pools/{key}", bodies[key], sha256s[key], {"content-type": "text/plain"}):
            raise RuntimeError("QuickPuts did not write the object")

    table = Table(f"Connections, {SAMPLE:,} files of {WORK.site_bytes // WORK.files // KB} KB", ("connections", "Selfright's PUTs", "bare PUTs"))  # fmt: skip # noqa: E501
    for pool in POOLS:
        ours = [_timed(pool, put, bodies) for _ in range(3)]
        floor = [_timed(pool, bare.put_one(bodies), bodies) for _ in range(3)]
        table.rows.append((pool, median(ours), median(floor)))
    return table


def _timed(pool: int, put: Callable[[str], None], keys: dict[str, bytes]) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(pool) as executor:
        list(executor.map(put, keys))
    return time.monotonic() - started
