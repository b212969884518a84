"""`python -m selfright` is the command `selfright`."""

from selfright.cli import main
from selfright.wording import program

if __name__ == "__main__":
    main(prog_name=program())
