"""`python -m selfright` is the command `selfright`."""

from selfright.cli import main

if __name__ == "__main__":
    main()
