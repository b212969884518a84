"""`./dev bench [NAME] [--rounds N] [--output json]`."""

import argparse
from collections.abc import Callable
from importlib import import_module

from benchmarks.figures import Table, machine, show

NAMES = {
    "release": 5,
    "transitions": 3,
    "alarm": 20,
    "judge-live": 20,
    "site": 5,
    "cold": 7,
    "cost": 1,
    "demo": 3,
    "judge": 2000,
}
"""The benchmarks in their order, and how often each measures by default."""


def main() -> None:
    """Run the benchmarks and print their tables."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("name", nargs="*", choices=[*NAMES, []], help="which (default: all)")
    parser.add_argument("--rounds", type=int, help="how often each is measured; the tables show the median")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    arguments = parser.parse_args()
    as_json = arguments.output == "json"
    if not as_json:
        print(f"Measured on: {machine()}")
    tables: list[Table] = []
    for name in arguments.name or NAMES:
        found = _benchmark(name)(arguments.rounds or NAMES[name])
        tables += found
        if not as_json:
            show(found, as_json=False)
    if as_json:
        show(tables, as_json=True)


def _benchmark(name: str) -> Callable[[int], list[Table]]:
    run: Callable[[int], list[Table]] = import_module(f"benchmarks.{name.replace('-', '_')}").run
    return run


if __name__ == "__main__":
    main()
