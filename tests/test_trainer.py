"""The training loop, on the small digits that come with scikit-learn."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from data.datasets import Dataset
from model.architectures import build_network
from model.images import images_to_input
from model.layer import Array
from model.losses import LOSSES
from model.weights import fill
from training.checkpoint import load_checkpoint
from training.examples.augmentation import Distortion
from training.recipes import RECIPES, Recipe
from training.trainer import Progress, Trainer, TrainingError, split

# 12 steps an epoch, the last of them short
RECIPE = dataclasses.replace(RECIPES["quick"], epochs=3, batch_size=100, redrawn=0, written=0, outliers=0)


def trainer(digits: Dataset, folder: Path, recipe: Recipe = RECIPE, seed: int = 0) -> Trainer:
    folder.mkdir(exist_ok=True)
    network = build_network(recipe.architecture, np.random.default_rng(seed))
    network.use(*LOSSES[recipe.loss])
    return Trainer(recipe, network, digits, seed, 2, folder, {"recipe": "quick"})


def weights(trained: Trainer) -> dict[str, Array]:
    return {name: array.copy() for name, array in trained.network.parameters().items()}


def same(one: dict[str, Array], other: dict[str, Array]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def uninterrupted(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    run = trainer(digits, tmp_path_factory.mktemp("run"))
    assert run.train()
    return run


def test_the_same_seed_gives_the_same_weights_bit_for_bit(
    digits: Dataset, uninterrupted: Trainer, tmp_path: Path
) -> None:
    again, other = trainer(digits, tmp_path / "a"), trainer(digits, tmp_path / "b", seed=1)
    again.train()
    other.train()
    assert same(weights(again), weights(uninterrupted))
    assert not same(weights(other), weights(uninterrupted))


FEW = ("training.batches.BATCHES_AHEAD", 4)  # several chunks an epoch, and stops within them


@pytest.fixture(scope="module")
def whole(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    run = trainer(digits, tmp_path_factory.mktemp("whole"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*FEW)
        assert run.train()
    return run


@pytest.mark.parametrize("steps", [1, 5, 12, 13, 30])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(
    digits: Dataset, whole: Trainer, tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*FEW)
    first = trainer(digits, tmp_path / "stopped")
    taken = 0
    step = first.optimizer.step

    def counted(parameters: dict[str, Array], gradients: dict[str, Array], learning_rate: float) -> None:
        nonlocal taken
        step(parameters, gradients, learning_rate)
        taken += 1
        if taken == steps:
            first.stop()

    monkeypatch.setattr(first.optimizer, "step", counted)
    assert not first.train()
    assert taken == steps

    second = trainer(digits, tmp_path / "stopped")
    parameters, second.optimizer.state, saved = load_checkpoint(tmp_path / "stopped" / "checkpoint.npz")
    fill(second.network.parameters(), parameters)
    second.progress = Progress(**saved["progress"])
    assert second.progress.epoch * 12 + second.progress.step == steps
    assert second.train()
    assert same(weights(second), weights(whole))
    for one, other in zip(second.progress.history, whole.progress.history, strict=True):
        assert one | {"seconds": 0} == other | {"seconds": 0}


def test_a_run_that_was_over_but_not_saved_ends_in_the_same_bits(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(digits, tmp_path / "run", dataclasses.replace(RECIPE, epochs=1))
    run.train()
    before = {name: array.copy() for name, array in run.network.arrays().items()}
    for layer in run.network.layers:
        for statistic in layer.statistics.values():
            statistic[...] = 0.5  # no checkpoint holds them
    run.train()
    assert same(run.network.arrays(), before)


def test_history_is_a_row_an_epoch(uninterrupted: Trainer) -> None:
    with open(uninterrupted.folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    columns = "epoch train_loss train_accuracy validation_loss validation_accuracy learning_rate seconds"
    assert list(rows[0]) == columns.split()
    assert float(rows[2]["train_loss"]) < float(rows[0]["train_loss"])
    assert float(rows[2]["validation_accuracy"]) > 0.5
    rows_held_back = uninterrupted.validation_rows
    digits = uninterrupted.dataset
    outputs = uninterrupted.network.predict(images_to_input(digits.train_images[rows_held_back]))
    accuracy = (outputs.argmax(axis=1) == digits.train_labels[rows_held_back]).mean()
    assert float(rows[2]["validation_accuracy"]) == pytest.approx(accuracy)


def test_every_row_is_learned_once_an_epoch_in_another_order(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(digits, tmp_path, dataclasses.replace(RECIPE, augmentation=None))
    orders = []
    for epoch in range(2):
        run.progress = Progress(epoch=epoch)
        batches = list(run._batches())
        assert [len(images) for images, _ in batches] == [100] * 11 + [68]
        orders.append(np.concatenate([images for images, _ in batches]).reshape(-1, 784))
        labels = np.concatenate([targets.argmax(axis=1) for _, targets in batches])
        assert np.array_equal(np.bincount(labels), np.bincount(digits.train_labels[run.train_rows]))
    expected = np.unique(digits.train_images[run.train_rows].reshape(-1, 784), axis=0)
    assert not np.array_equal(orders[0], orders[1])
    for order in orders:
        assert np.array_equal(np.unique(order, axis=0), expected)


def test_digits_that_are_made_and_outliers_are_learned_too(digits: Dataset, tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=4, redrawn=0.3, written=0.2, outliers=0.25, augmentation=None)
    run = trainer(digits, tmp_path, recipe)
    targets = np.concatenate([targets for _, targets in run._batches()])
    assert len(targets) == 1168 + 350 + 234 + 292
    assert run.steps == 21
    of_no_digit = (targets == np.float32(0.1)).all(axis=1)
    assert of_no_digit.sum() == 292
    assert (np.sort(targets[~of_no_digit], axis=1) == [0] * 9 + [1]).all()
    assert run.train()
    outputs = run.network.predict(images_to_input(run.training_set[0]))
    answers, labels = outputs.argmax(axis=1), run.training_set[1]
    # Outliers are never read right: what counts is digits alone. Training draws dropout, so that the two are only near.
    assert run.progress.history[-1]["train_accuracy"] == pytest.approx((answers == labels)[labels < 10].mean(), abs=0.1)


def test_validation_images_are_always_the_same_and_never_trained_on() -> None:
    train, validation = split(60_000)
    assert len(validation) == 5_000
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(60_000))
    assert np.array_equal(split(60_000)[1], validation)
    assert [len(part) for part in split(1_297)] == [1_168, 129]


def test_a_loss_that_is_not_finite_stops_the_run(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(digits, tmp_path, dataclasses.replace(RECIPE, learning_rate=1e30, augmentation=None))
    with pytest.raises(
        TrainingError, match=r"epoch 1, step \d+: layer \d+, \w+Layer,.*learning rate is .*smaller"
    ) as stop:
        run.train()
    assert str(tmp_path / "checkpoint.npz") in str(stop.value)
    parameters, _, _ = load_checkpoint(tmp_path / "checkpoint.npz")
    assert all(np.isfinite(array).all() for array in parameters.values())


@pytest.mark.parametrize("stopped", [False, True])
def test_parameters_that_are_not_finite_are_never_kept(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    run = trainer(digits, tmp_path)
    step = run.optimizer.step

    def broken(parameters: dict[str, Array], gradients: dict[str, Array], learning_rate: float) -> None:
        step(parameters, gradients, learning_rate)
        if run.progress.step == 11:  # the last of the epoch: no loss is taken after it
            parameters["4.weights"][0] = np.inf
            if stopped:
                run.stop()

    monkeypatch.setattr(run.optimizer, "step", broken)
    with pytest.raises(TrainingError, match="layer 4, ConvLayer"):
        run.train()
    parameters, _, saved = load_checkpoint(tmp_path / "checkpoint.npz")
    assert all(np.isfinite(array).all() for array in parameters.values())
    assert saved["progress"]["epoch"] == 0
    assert not (tmp_path / "history.csv").exists()


def test_guessing_after_the_first_epoch_is_warned_of(
    digits: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=1, learning_rate=1e-9)
    trainer(digits, tmp_path, recipe).train()
    assert "warning: hardly better than guessing after the first epoch" in capsys.readouterr().err


def test_targets_reach_as_far_as_the_recipe_says(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(digits, tmp_path, RECIPES["article"])
    _, targets = next(run._batches())
    assert targets.shape == (64, 10)
    assert targets.dtype == np.float32
    assert np.array_equal(np.unique(targets), [-1, 1])
    assert (targets.sum(axis=1) == -8).all()


def test_quick_learns_the_small_digits(digits: Dataset, tmp_path: Path) -> None:
    run = trainer(
        digits, tmp_path, dataclasses.replace(RECIPES["quick"], epochs=12, augmentation=Distortion(5, 0.05, 0, 1))
    )
    run.train()
    outputs = run.network.predict(images_to_input(digits.test_images))
    assert (outputs.argmax(axis=1) == digits.test_labels).mean() > 0.85
