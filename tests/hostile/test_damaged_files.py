"""Weights files and checkpoints with randomly changed bytes: each is refused or loads unchanged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import load_network, save_network
from model.weights import WeightsError
from tests.hostile.conftest import seeds
from tests.hostile.damage import WAYS, damaged
from tests.small_network import small_network
from training.checkpoint import load_checkpoint, save_checkpoint

Row = Callable[[str, str], None]


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


def test_damaged_exports_are_refused_or_unchanged(tmp_path: Path, row: Row) -> None:
    pytest.importorskip("safetensors")
    path, network = tmp_path / "weights.safetensors", small_network(np.random.default_rng(0), np.float32)
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
            assert same(again.arrays(), network.arrays()), seed
            assert header.items() >= about.items()
    count = len(seeds(200, most=2000))
    row(f"exported weights damaged in {count:,} ways", f"{refused:,} refused, {count - refused:,} loaded unchanged")


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
