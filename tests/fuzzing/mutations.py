"""Mutations of inputs by a seed, for the fuzzing that knows no coverage."""

from collections.abc import Sequence
from random import Random

LONGEST = 20_000


def mutated(random: Random, seeds: Sequence[bytes], words: Sequence[str]) -> bytes:
    """One of the seeds with a few changes."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        _change(random, data, seeds, words)
    return bytes(data[:LONGEST])


def _change(random: Random, data: bytearray, seeds: Sequence[bytes], words: Sequence[str]) -> None:
    at = random.randrange(len(data) + 1)
    end = min(len(data), at + random.choice((1, 1, 2, 4, 16, 200)))
    match random.randrange(7):
        case 0:
            data[at:end] = random.randbytes(end - at)
        case 1:
            del data[at:end]
        case 2:
            data[at:at] = data[at:end] * random.choice((1, 2, 50))
        case 3 if words:
            data[at:at] = random.choice(words).encode(errors="surrogatepass") * random.choice((1, 1, 1, 40))
        case 4:
            data[at:at] = random.choice(
                (b"\x00", b"\xff", b"\xed\xa0\x80", b"\xc2\x85", b"9" * 5000, b"-", b"\n", b" ")
            )
        case 5:
            other = random.choice(seeds)
            data[at:] = other[random.randrange(len(other) + 1) :]
        case _ if end - at:
            data[at] ^= 1 << random.randrange(8)
