"""The error of a wrong declaration."""


class DeclarationError(ValueError):
    """An argument of one of the constructs is wrong; the message says which, why, and what to write instead."""
