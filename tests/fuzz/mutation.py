"""Inputs from inputs: one or a few changes inside a part, or of the parts' order, number and origin.

Parts of text change by words, others by bytes and by the numbers that formats here are made of: varints, doubles. The
words and numbers that are tried most are those of ``pcc.dict``, which libFuzzer uses too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

from pcc.codec.wire import varint
from tests.fuzz.structures import Structure

DICTIONARY = Path(__file__).with_name("pcc.dict")
MAX_BYTES = 1 << 16
INTEGERS = [0, 1, 2, 3, 7, 8, 16, 17, 21, 22, 63, 64, 127, 128, 255, 256, 1023, 1024, 4096, 65535, 65536]
INTEGERS += [(1 << bits) + d for bits in (20, 21, 24, 25, 27, 28, 31, 32, 39, 40, 52, 53, 62, 63) for d in (-1, 0, 1)]
DOUBLES = [0.0, -0.0, -1.0, 1.0, float("nan"), float("inf"), -float("inf"), 5e-324, 1e-300, 1e300, 1.7e308, 0.001, 1e9]
SEPARATORS = re.compile(rb"([\s,:{}\[\]\"()]+)")


def mutate(data: bytes, rng: Random, structure: Structure, others: Sequence[bytes]) -> bytes:
    """Another input; ``others`` are where foreign parts come from."""
    parts = structure.split(data) if rng.random() < 0.9 else []
    if not parts:
        return mutate_bytes(data, rng)[:MAX_BYTES]
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if rng.random() < 0.2:
            parts = _rearranged(parts, rng, structure.split(rng.choice(others)) if others else parts)
        if parts:
            i = rng.choice([0, rng.randrange(len(parts))])  # the first part is the header everywhere
            parts[i] = _mutate_part(parts[i], rng)
    return structure.join(parts)[:MAX_BYTES]


def _rearranged(parts: list[bytes], rng: Random, foreign: list[bytes]) -> list[bytes]:
    """One part less, twice, elsewhere, or a stranger's instead or besides."""
    parts, kind = list(parts), rng.randrange(6)
    i, j = (rng.randrange(len(parts) + 1), rng.randrange(len(parts) + 1)) if parts else (0, 0)
    if kind == 0:
        del parts[i : i + 1]
    elif kind == 1:
        parts[i:i] = parts[j : j + 1]
    elif kind == 2:
        parts[i:i] = parts[j:]
    elif kind == 3 and foreign:
        parts[i : i + 1] = [rng.choice(foreign)]
    elif kind == 4 and foreign:
        parts[i:i] = [rng.choice(foreign)]
    else:
        parts[i:i] = foreign
    return parts


def _mutate_part(part: bytes, rng: Random) -> bytes:
    text = bool(part) and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in part[:200])
    if text and rng.random() < 0.8:
        return mutate_words(part, rng)
    return mutate_numbers(part, rng) if rng.random() < 0.5 else mutate_bytes(part, rng)


def mutate_words(text: bytes, rng: Random) -> bytes:
    """One word becomes another, or lines go and come."""
    if rng.random() < 0.2:
        lines = text.splitlines(keepends=True)
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[i : i + rng.randrange(2)] = lines[j : j + rng.randrange(3)]
        return b"".join(lines)
    words = SEPARATORS.split(text)
    i = rng.randrange(len(words))
    kind = rng.randrange(5)
    if kind == 0:
        words[i] = str(rng.choice([1, -1]) * rng.choice(INTEGERS)).encode()
    elif kind == 1:
        words[i] = repr(rng.choice(DOUBLES)).encode()
    elif kind == 2:
        words[i] = rng.choice(words)
    elif kind == 3:
        words[i] = rng.choice(dictionary())
    else:
        words[i] = words[i] * rng.choice([0, 2, 300])
    return b"".join(words)


def mutate_numbers(part: bytes, rng: Random) -> bytes:
    """A varint, a double or a word of the dictionary at some place, early ones before late ones."""
    at = min(int(rng.expovariate(1 / 12)), len(part)) if rng.random() < 0.8 else rng.randrange(len(part) + 1)
    kind = rng.randrange(4)
    if kind == 0:
        return part[:at] + struct.pack("<d", rng.choice(DOUBLES)) + part[at + 8 :]
    if kind == 1:
        word = rng.choice(dictionary())
        return part[:at] + word + part[at + len(word) :]
    end = at  # of the varint that may begin here
    while end < len(part) and end - at < 10 and part[end] > 127:
        end += 1
    value = rng.choice(INTEGERS) if kind == 2 else rng.getrandbits(rng.randrange(1, 40))
    return part[:at] + varint(min(value, (1 << 64) - 1)) + part[end + 1 :]


def mutate_bytes(data: bytes, rng: Random) -> bytes:
    """A few bytes flipped, set, cut out, put in, copied or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at, size = rng.randrange(len(changed) + 1), rng.choice([1, 1, 2, 4, 8, 30])
        kind = rng.randrange(7)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[at : at + 1] = bytes([rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])])
        elif kind == 2:
            del changed[at : at + size]
        elif kind == 3:
            changed[at:at] = rng.randbytes(size)
        elif kind == 4:
            other = rng.randrange(len(changed) + 1)
            changed[at : at + size] = changed[other : other + size]
        elif kind == 5:
            changed[at : at + size] = bytes([rng.choice([0, 255])]) * size
        elif kind == 6 and rng.random() < 0.3:
            del changed[at:]
    return bytes(changed)


@cache
def dictionary() -> list[bytes]:
    """The words of ``pcc.dict``."""
    quoted = re.findall(r'^[^#"]*"(.*)"$', DICTIONARY.read_text(encoding="ascii"), re.MULTILINE)
    return [re.sub(rb"\\x(..)", lambda m: bytes.fromhex(m[1].decode()), word.encode()) for word in quoted]
