"""What a stranger wrote, in a form that can be shown to people."""


def printable(text: str) -> str:
    """The text with control and invisible characters written out as escapes, so that no terminal obeys them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
