"""Text from untrusted sources, in a form that is safe to show."""


def printable(text: str) -> str:
    """The text with control and invisible characters as escapes, so that no terminal obeys them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
