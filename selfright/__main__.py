"""The program `selfright`, also as `python -m selfright`."""

from selfright import layout


def run() -> None:
    """Run the command line, with our own `controller` even in a folder that has another one."""
    layout.put_first()
    from selfright.cli import main  # noqa: PLC0415 - it imports the controller
    from selfright.wording import program  # noqa: PLC0415

    main(prog_name=program())


if __name__ == "__main__":
    run()
