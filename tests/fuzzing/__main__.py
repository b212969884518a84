"""`python -m tests.fuzzing [READER …] [--minutes N] [--corpus FOLDER]`: fuzz with coverage, one reader after the other.

Needs `pip install atheris`. It ends at the first input for which a reader raises something else than the domain's own
error, takes 25 seconds, or takes 2 GB; that input is kept in the folder.
"""

import argparse
import subprocess
import sys
from pathlib import Path

SECONDS, MEGABYTES, LONGEST = 25, 2048, 65_536


def main() -> int:
    """Fuzz the readers in processes of their own; 1 if any of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("readers", nargs="*")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--corpus", type=Path, default=Path(".selfright/fuzzing"))
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _fuzz(given.readers[0], given.minutes, given.corpus)
    from tests.fuzzing.readers import READERS  # noqa: PLC0415 - the other process must instrument it first

    failed = [name for name in given.readers or READERS if _run(name, given.minutes, given.corpus)]
    print(f"failed: {', '.join(failed)}" if failed else "nothing but the domain's own errors")  # noqa: T201
    return bool(failed)


def _run(name: str, minutes: float, corpus: Path) -> int:
    own = [sys.executable, "-m", "tests.fuzzing", name, "--one", "--minutes", str(minutes), "--corpus", str(corpus)]
    return subprocess.run(own, check=False).returncode


def _fuzz(name: str, minutes: float, corpus: Path) -> None:
    import atheris  # type: ignore[import-not-found] # noqa: PLC0415 - nothing else needs it

    with atheris.instrument_imports(include=["controller", "html", "jmespath", "_markupbase"]):
        from tests.fuzzing.readers import READERS  # noqa: PLC0415 - it is instrumented as it is imported
    from controller.errors import InvalidBundleError  # noqa: PLC0415

    reader, folder = READERS[name], corpus / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(reader.seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    words = folder.with_suffix(".dict")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in reader.words))

    def one(data: bytes) -> None:
        try:
            reader.read(data)
        except InvalidBundleError:
            return

    limits = [f"-max_total_time={round(minutes * 60)}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}"]
    options = [f"-max_len={LONGEST}", f"-artifact_prefix={corpus}/{name}-", "-print_final_stats=1"]
    dictionary = [f"-dict={words}"] if reader.words else []
    atheris.Setup(["fuzzing", *limits, *options, *dictionary, str(folder)], one)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode(errors="surrogatepass"))


if __name__ == "__main__":
    sys.exit(main())
