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


def refused_or_unchanged(path: Path, check: Callable[[], None]) -> tuple[int, int]:
    """Damage a file again and again: `check` loads it, and finds it unchanged or raises WeightsError. Returns how many
    were damaged, and refused."""
    data, refused, ways = path.read_bytes(), 0, seeds(200, most=2000)
    for seed in ways:
        path.write_bytes(damaged(data, seed))
        try:
            check()
        except WeightsError:
            refused += 1
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error
    return len(ways), refused


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_damaged_weights_are_refused_or_unchanged(suffix: str, tmp_path: Path, row: Row) -> None:
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path, network = tmp_path / f"weights.{suffix}", small_network(np.random.default_rng(0), np.float32)
    about = {"dataset": "mnist", "seed": 7}
    save_network(path, network, about)

    def check() -> None:
        again, header = load_network(path)
        assert same(again.arrays(), network.arrays())
        assert header.items() >= about.items()

    count, refused = refused_or_unchanged(path, check)
    assert refused > 0.8 * count
    what = "weights" if suffix == "npz" else "exported weights"
    row(f"{what} damaged in {count:,} ways", f"{refused:,} refused, {count - refused:,} loaded unchanged, bit for bit")


def test_damaged_checkpoints_are_refused_or_unchanged(tmp_path: Path, row: Row) -> None:
    path, network = tmp_path / "checkpoint.npz", small_network(np.random.default_rng(0), np.float32)
    steps = {"steps": np.array(12), "0.bias.mean": np.zeros(3, np.float32)}
    save_checkpoint(path, network.parameters(), steps, {"epoch": 3})

    def check() -> None:
        parameters, optimizer_state, progress = load_checkpoint(path)
        assert same(parameters, network.parameters())
        assert same(optimizer_state, steps)
        assert progress == {"epoch": 3}

    count, refused = refused_or_unchanged(path, check)
    assert refused > 0.8 * count
    row(f"checkpoints damaged in {count:,} ways", f"{refused:,} refused, {count - refused:,} loaded unchanged")


@pytest.mark.parametrize("way", WAYS)
def test_each_way_changes_something(way: str) -> None:
    data = np.random.default_rng(0).bytes(2000)
    changed = bytearray(data)
    WAYS[way](changed, np.random.default_rng(1))
    assert changed != data
