"""Text from untrusted sources, in a form that is safe to show and to keep; and figures for people.

Every text that people or AWS wrote is bounded where it enters: an item of the ledger holds 400 KB, a notification
256 KB, and what exceeds them would be refused again and again.
"""

from math import floor, isfinite, log10

MESSAGE_BYTES = 3000
"""Of a reason, or of the advice that follows it."""
LINE_BYTES = 1000
"""Of what a person or a check says."""
PART_BYTES = 400
"""Of one of the messages that are kept together, one for each component."""
NAME_BYTES = 300
"""Of what somebody is called, or why somebody does something."""
SMALLEST = 0.0005
"""What is smaller is shown as 0."""
_ELLIPSIS = "…"


def printable(text: str) -> str:
    """The text with control and invisible characters as escapes, so that no terminal obeys them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def bounded(text: str, most: int = MESSAGE_BYTES) -> str:
    """The text if it has at most so many bytes, else its beginning and an ellipsis, in as many."""
    if len(text) <= most and len(data := text.encode(errors="replace")) <= most:
        return text
    data = text[:most].encode(errors="replace")
    return data[: most - len(_ELLIPSIS.encode())].decode(errors="ignore").rstrip() + _ELLIPSIS


def said(text: str, most: int = MESSAGE_BYTES) -> str:
    """A message in the form in which it may be kept and sent: bounded, and printable but for the ends of its lines."""
    return bounded("\n".join(map(printable, bounded(text, most).split("\n"))), most)


def sentence(text: str) -> str:
    """The text with a full stop at its end, unless a sign is there that ends a sentence: something may follow it."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def sentences(*texts: str) -> str:
    """The texts one after the other, without the empty ones: each that another follows ends as a sentence does."""
    *before, last = [text for text in texts if text] or [""]
    return " ".join([*map(sentence, before), last])


def figure(number: float, digits: int = 3) -> str:
    """A number as people write it, with so many significant digits and no exponent: `0.012`, `104`, `1,240,000`."""
    if not isfinite(number):
        return str(number)
    rounded = float(f"{number:.{digits}g}")
    decimals = digits - 1 - floor(log10(abs(rounded))) if abs(rounded) >= SMALLEST else 0
    shown = f"{rounded:,.{max(0, decimals)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
