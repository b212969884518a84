"""`python -m tests.model`: search the model of the protocol exhaustively."""

import sys

from tests.model.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
