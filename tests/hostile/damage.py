"""Bytes changed at random, in the same way for the same seed."""

from collections.abc import Callable

import numpy as np

WAYS: dict[str, Callable[[bytearray, np.random.Generator], object]] = {
    "one bit flipped": lambda data, rng: flip(data, rng, 1),
    "many bits flipped": lambda data, rng: flip(data, rng, 100),
    "cut": lambda data, rng: data.__delitem__(slice(rng.integers(len(data)), None)),
    "extended": lambda data, rng: data.extend(rng.bytes(int(rng.integers(1, 1000)))),
    "bytes taken out": lambda data, rng: data.__delitem__(piece(data, rng)),
    "bytes put in": lambda data, rng: data.__setitem__(slice(*[rng.integers(len(data))] * 2), rng.bytes(20)),
    "bytes zeroed": lambda data, rng: overwrite(data, piece(data, rng), bytes),
    "bytes shuffled": lambda data, rng: shuffle(data, piece(data, rng), rng),
    "the list of contents changed": lambda data, rng: overwrite(data, slice(-300, -22), rng.bytes, rng),
    "the end changed": lambda data, rng: overwrite(data, slice(-22, None), rng.bytes, rng),
}


def flip(data: bytearray, rng: np.random.Generator, bits: int) -> None:
    for place in rng.integers(len(data), size=bits):
        data[place] ^= 1 << int(rng.integers(8))


def piece(data: bytearray, rng: np.random.Generator) -> slice:
    start = int(rng.integers(len(data) - 1))
    return slice(start, start + int(rng.integers(1, len(data) - start)))


def overwrite(
    data: bytearray, where: slice, new: Callable[[int], bytes], rng: np.random.Generator | None = None
) -> None:
    """New bytes in a part of the data; with an `rng`, only in four of its bytes."""
    start, stop, _ = where.indices(len(data))
    if rng is not None:
        start = int(rng.integers(start, stop - 3))
        stop = start + 4
    data[start:stop] = new(stop - start)


def shuffle(data: bytearray, where: slice, rng: np.random.Generator) -> None:
    data[where] = rng.permutation(np.frombuffer(data[where], np.uint8)).tobytes()


def damaged(data: bytes, seed: int) -> bytes:
    """The data after one or two changes of kinds that the seed chooses."""
    rng = np.random.default_rng(seed)
    changed = bytearray(data)
    for _ in range(rng.integers(1, 3)):
        if len(changed) > 400:
            WAYS[list(WAYS)[rng.integers(len(WAYS))]](changed, rng)
    return bytes(changed)
