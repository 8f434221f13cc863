"""Weights files and checkpoints with randomly changed bytes: each is refused or loads unchanged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import load_network, save_network
from model.weights import WeightsError
from tests.hostile.conftest import seeds
from tests.small_network import small_network
from training.checkpoint import load_checkpoint, save_checkpoint

Row = Callable[[str, str], None]

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


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return np.array_equal(one, other)


def test_damaged_weights_are_refused_or_unchanged(tmp_path: Path, row: Row) -> None:
    path, network = tmp_path / "weights.npz", small_network(np.random.default_rng(0), np.float32)
    about = {"dataset": "mnist", "seed": 7}
    save_network(path, network, about)
    data, refused = path.read_bytes(), 0
    for seed in seeds(200, most=2000):
        path.write_bytes(damaged(data, seed))
        try:
            again, header = load_network(path)
        except WeightsError:
            refused += 1
        else:
            assert same(again.parameters(), network.parameters()), seed
            assert header.items() >= about.items()
    count = len(seeds(200, most=2000))
    assert refused > 0.8 * count
    row(f"weights damaged in {count:,} ways", f"{refused:,} refused, {count - refused:,} loaded unchanged, bit for bit")


def test_damaged_checkpoints_are_refused_or_unchanged(tmp_path: Path, row: Row) -> None:
    path, network = tmp_path / "checkpoint.npz", small_network(np.random.default_rng(0), np.float32)
    steps = {"steps": np.array(12), "0.bias.mean": np.zeros(3, np.float32)}
    save_checkpoint(path, network.parameters(), steps, {"epoch": 3})
    data, refused = path.read_bytes(), 0
    for seed in seeds(200, most=2000):
        path.write_bytes(damaged(data, seed))
        try:
            parameters, optimizer_state, progress = load_checkpoint(path)
        except WeightsError:
            refused += 1
        else:
            assert same(parameters, network.parameters()), seed
            assert same(optimizer_state, steps), seed
            assert progress == {"epoch": 3}
    count = len(seeds(200, most=2000))
    assert refused > 0.8 * count
    row(f"checkpoints damaged in {count:,} ways", f"{refused:,} refused, {count - refused:,} loaded unchanged")


@pytest.mark.parametrize("way", WAYS)
def test_each_way_changes_something(way: str) -> None:
    data = np.random.default_rng(0).bytes(2000)
    changed = bytearray(data)
    WAYS[way](changed, np.random.default_rng(1))
    assert changed != data
