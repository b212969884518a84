"""Writes the JSON Schemas of `release.yaml` and `settings.yaml`, by which editors complete and check the two files.

python -m selfright.editors FOLDER
"""

import sys
from pathlib import Path

from selfright import layout


def main(words: list[str]) -> None:
    """Write both into the folder, and say where they are."""
    if len(words) != 1:
        sys.exit("Name the folder for the schemas: python -m selfright.editors FOLDER")
    layout.put_first()
    from selfright.bundling.schemas import write  # noqa: PLC0415 - it imports the controller

    for file in write(Path(words[0])):
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
