"""Fine-tuning: it helps, and a network that gets worse is not kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.datasets import Dataset
from data.handwriting import Drawing, Handwriting
from model import load_network, save_network
from model.architectures import build_network
from model.classifier import DigitClassifier
from training import fine_tuning as finetuning
from training import finetune
from training.fine_tuning import fell_too_far, fine_tune, mixed_rows
from training.finetune import main
from training.recipes import RECIPES, Recipe
from training.studies import writers as simulate_writers
from training.train import main as train
from training.trainer import split

ARTICLE = {**vars(RECIPES["article"]), "augmentation": vars(RECIPES["article"].augmentation)}
MINE = ["--weights", "runs/article/weights.npz", "--name", "mine", "--threads", "1"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go to a folder of their own, and a fine-tuning is short."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(finetuning, "STEPS", 30)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The article's network, trained on the small digits."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert train(["--recipe", "article", "--dataset", "digits", "--epochs", "3", "--threads", "1"]) == 0
    return folder / "runs" / "article" / "weights.npz"


@pytest.fixture
def weights(trained: Path) -> Path:
    path = Path("runs/article/weights.npz")
    path.parent.mkdir(parents=True)
    path.write_bytes(trained.read_bytes())
    return path


def odd(digit: int) -> np.ndarray:
    """How somebody writes a digit that no data set has: a bar whose place tells which it is."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 4 + 2 * digit : 6 + 2 * digit] = 255
    return image


def keep(*drawings: tuple[int | None, np.ndarray]) -> None:
    store = Handwriting("handwriting.sqlite")
    for i, (truth, image) in enumerate(drawings):
        store.keep(Drawing(f"{i}", [], image, answer=3, truth=truth, weights="runs/article"))


def result() -> dict[str, Any]:
    return json.loads(Path("runs/mine/result.json").read_text())


def test_the_persons_digits_are_learned(weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(finetuning, "LEARNING_RATE", 1e-2)
    monkeypatch.setattr(finetuning, "LARGEST_FALL", 0.2)
    monkeypatch.setattr(finetuning, "NEW_SHARE", 1.0)
    images = np.stack([odd(1), odd(6)])
    before = DigitClassifier.load(weights).predict(images)
    assert before.tolist() != [6, 1]
    content = weights.read_bytes()
    keep((6, images[0]), (1, images[1]), (None, odd(3)))
    assert main(MINE) == 0
    classifier = DigitClassifier.load("runs/mine/weights.npz")
    assert classifier.predict(images).tolist() == [6, 1]
    assert weights.read_bytes() == content
    assert result()["own"] == {"images": 2, "before": int((before == [6, 1]).sum()), "after": 2}
    header = classifier.header
    assert (header["dataset"], header["recipe"]) == ("digits", "article")
    assert header["fine_tuning"]["digits"] == 2
    validation = result()["validation"]
    assert validation["images"] == 129
    assert header["validation_accuracy"] == validation["after"] / 129
    output = capsys.readouterr().out
    assert "Step 20 of 30: loss" in output
    assert "Right of 2 your digits: " in output
    assert output.rstrip().endswith("Saved as runs/mine/weights.npz")


def test_weights_that_forget_the_other_digits_are_not_kept(
    weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetuning, "LEARNING_RATE", 0.3)
    keep((6, odd(1)))
    assert main(MINE) == 1
    assert [file.name for file in Path("runs/mine").glob("*.*")] == ["result.json"]
    validation = result()["validation"]
    assert result()["kept"] is False
    assert validation["after"] < validation["before"]
    assert "Not saved: the digits accuracy fell by more than 0.1 points" in capsys.readouterr().out


def test_a_network_that_overflows_is_not_kept(
    weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    network, header = load_network(weights)
    save_network(weights, network, {**header, "settings": ARTICLE})
    monkeypatch.setattr(finetuning, "LEARNING_RATE", float("nan"))
    monkeypatch.setattr(finetune, "fell_too_far", lambda *counts: False)
    keep((6, odd(1)))
    assert main(MINE) == 1
    assert "ended in numbers that are not finite: nothing was saved" in capsys.readouterr().err
    assert not Path("runs/mine/weights.npz").exists()


def test_a_tenth_of_a_point_is_the_most_that_may_be_lost() -> None:
    assert not fell_too_far(4969, 4964, 5000)
    assert fell_too_far(4969, 4963, 5000)
    assert not fell_too_far(4969, 4980, 5000)


def test_no_validation_image_is_learned_and_each_of_the_persons_as_often() -> None:
    rows = mixed_rows(2_000, 7, seed=0)
    _, held_back = split(2_000)
    own = rows[rows >= 2_000]
    assert len(rows) == finetuning.STEPS * finetuning.BATCH_SIZE
    assert not np.isin(rows, held_back).any()
    assert len(own) == int(finetuning.OWN_SHARE * len(rows))
    counts = np.bincount(own - 2_000, minlength=7)
    assert counts.max() - counts.min() <= 1


def test_the_same_seed_gives_the_same_weights(digits: Dataset) -> None:
    def learned(seed: int) -> list[np.ndarray]:
        network = build_network("article", np.random.default_rng(0))
        steps = fine_tune(network, Recipe.from_dict(ARTICLE), digits, odd(1)[None], np.array([6]), seed, threads=1)
        assert [step for step, _ in steps] == list(range(1, 31))
        return list(network.parameters().values())

    assert all(map(np.array_equal, learned(0), learned(0)))
    assert not all(map(np.array_equal, learned(0), learned(1)))


def test_the_weights_go_half_of_the_way(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def learned(share: float) -> np.ndarray:
        monkeypatch.setattr(finetuning, "NEW_SHARE", share)
        network = build_network("article", np.random.default_rng(0))
        list(fine_tune(network, Recipe.from_dict(ARTICLE), digits, odd(1)[None], np.array([6]), 0, threads=1))
        return network.parameters()["3.weights"]

    old, new = learned(0), learned(1)
    assert not np.allclose(old, new, atol=1e-3)
    np.testing.assert_allclose(learned(0.5), (old + new) / 2, atol=1e-6)


def test_nothing_is_overwritten(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep((6, odd(1)))
    Path("runs/mine").mkdir()
    Path("runs/mine/result.json").write_text("{}")
    assert main(MINE) == 2
    assert "there is already a run in runs/mine: use --name NAME to start another" in capsys.readouterr().err
    assert Path("runs/mine/result.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("drawings", "message"),
    [
        ([], "has no digits yet"),
        ([(None, odd(1))], "has no digits yet"),
        ([(3, np.zeros((28, 28), np.uint8))], "there is no ink in handwriting.sqlite"),
    ],
)
def test_nothing_to_learn(weights: Path, capsys: pytest.CaptureFixture[str], drawings: list[Any], message: str) -> None:
    keep(*drawings)
    assert main(MINE) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [file.name for file in Path("runs/mine").iterdir()] == ["lock"]


def test_a_missing_handwriting_file_is_not_created(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(MINE) == 2
    assert "no folder or file handwriting.sqlite" in capsys.readouterr().err
    assert not Path("handwriting.sqlite").exists()


def test_weights_that_do_not_say_how_they_were_trained(capsys: pytest.CaptureFixture[str]) -> None:
    save_network("own.npz", build_network("article", np.random.default_rng(0)), {"dataset": "digits"})
    keep((6, odd(1)))
    assert main(["--weights", "own.npz", "--name", "mine"]) == 2
    assert "own.npz does not say how it was trained" in capsys.readouterr().err


def save_writers(path: Path, writers: int, each: int) -> Path:
    """Upright lines: those of an odd writer are said to be sevens, the others' ones."""
    writer = np.repeat(np.arange(writers), each)
    count = len(writer)
    points = np.tile(np.array([[0, 0], [1, 10]], np.float32), (count, 1))
    np.savez(
        path,
        points=points,
        stroke_start=2 * np.arange(count + 1),
        sample_offset=np.arange(count + 1),
        y=np.where(writer % 2, 7, 1),
        writer=writer,
    )
    return path


def test_writers_are_simulated(weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(simulate_writers, "WRITERS", 3)
    strokes = save_writers(Path("strokes.npz"), writers=5, each=8)
    assert simulate_writers.main([str(strokes), "--weights", str(weights), "--threads", "1"]) == 0
    header, *lines, summary = capsys.readouterr().out.splitlines()
    assert header.startswith("writer  drawings  misread before")
    fields = [line.split() for line in lines]
    assert len(fields) == 3
    assert len({int(who) for who, *_ in fields}) == 3
    # All drawings are the same: of a writer's, all or none are misread.
    assert {int(drawings) for _, drawings, *_ in fields} == {4}
    assert all(before == corrected for _, _, before, _, corrected, *_ in fields)
    mean = np.mean([int(before) for _, _, before, *_ in fields])
    assert f"On average {mean:.1f} errors before" in summary


def test_halves_are_disjoint_and_what_was_misread_is_corrected_first() -> None:
    rows = np.arange(100, 201)
    learned, measured = simulate_writers.halves(rows, [0, 3])
    assert sorted([*learned, *measured]) == rows.tolist()
    assert abs(len(learned) - len(measured)) == 1
    misread = np.isin(learned, learned[[7, 40]])
    chosen = simulate_writers.corrected(learned, misread)
    assert len(chosen) == 30
    assert chosen[:2].tolist() == learned[[7, 40]].tolist()
    assert len(simulate_writers.corrected(learned, np.ones(len(learned), bool))) == 30


def test_strokes_without_writers(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strokes = save_writers(Path("strokes.npz"), writers=1, each=2)
    with np.load(strokes) as arrays:
        np.savez(strokes, **{name: array for name, array in arrays.items() if name != "writer"})
    assert simulate_writers.main([str(strokes), "--weights", str(weights)]) == 2
    assert "strokes.npz does not name the writers" in capsys.readouterr().err
