"""The benchmark: it measures in turns and reports correctly. Speed itself is not tested."""

import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from model import ConvLayer
from model.architectures import build_network
from model.images import images_to_input
from model.losses import LOSSES
from training.benchmark import __main__ as command
from training.benchmark import article_algorithm, jobs, machine, ours
from training.benchmark.comparison import DifferentWork, Row, Settings, against, check_same_work
from training.benchmark.measure import Contestant, Sample, Spread, Unavailable, fastest, in_turns, ratio, three_figures
from training.benchmark.rows import ROWS
from training.benchmark.table import line


@pytest.fixture(autouse=True)
def plain_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process imports the program's main module, and Streamlit's page tests leave one of their pages as that."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


class Pretender(Contestant):
    """Takes the times that it is given, and writes down when it was asked."""

    def __init__(self, name: str, seconds: list[float], diary: list[str]) -> None:
        self.name, self.seconds, self.diary = name, iter(seconds), diary

    def run(self) -> Sample:
        self.diary.append(self.name)
        return Sample(next(self.seconds), 1.0, {})


class Absent(Pretender):
    def run(self) -> Sample:
        raise Unavailable("it is not installed")


def test_contestants_take_turns_and_the_first_round_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    diary: list[str] = []
    contestants = [Pretender("a", [9, 1, 2], diary), Absent("b", [], diary), Pretender("c", [9, 3, 8], diary)]
    samples = in_turns(contestants, 2)
    assert diary == ["a", "c"] * 3
    assert {name: [sample.seconds for sample in found] for name, found in samples.items()} == {"a": [1, 2], "c": [3, 8]}
    assert "without b: it is not installed" in capsys.readouterr().err


def test_ratios_are_taken_round_by_round() -> None:
    # In every round the second takes twice as long, however slow the machine is in it.
    assert ratio([2.0, 20.0, 6.0], [1.0, 10.0, 3.0]) == Spread(2.0, 2.0, 2.0)
    assert ratio([1.0, 3.0, 8.0], [1.0, 1.0, 2.0]) == Spread(3.0, 1.0, 4.0)


def samples_of(*seconds: float) -> list[Sample]:
    return [Sample(each, 1.0, {}) for each in seconds]


def test_the_opponent_is_the_fastest_of_the_others() -> None:
    samples = {"ours": samples_of(1, 2), "slow": samples_of(9, 9), "fast": samples_of(2, 6)}
    assert fastest({"slow": samples["slow"], "fast": samples["fast"]}) == "fast"
    faster = against("x", samples, 1, 2.5, faster=True)
    assert (faster.measured, faster.met, faster.theirs) == (Spread(2.5, 2.0, 3.0), True, "4e+06 µs, fast")
    slower = against("x", samples, 1, 0.3, faster=False)
    assert slower.measured == Spread(pytest.approx(5 / 12), pytest.approx(1 / 3), 0.5)  # type: ignore[arg-type]
    assert slower.met is False


def test_a_row_without_the_other_side_is_neither_met_nor_missed() -> None:
    row = against("x", {"ours": samples_of(1.0)}, 1_000_000, 1.6, faster=True)
    assert line(row) == "| x | 1 µs | not measured | not measured | ≥ 1.60 |  |"


def test_a_row_says_what_was_asked_and_what_came_of_it() -> None:
    row = Row("speed", "1 µs", "2 µs", Spread(1.5, 1.25, 12.0), 1.6, at_least=True)
    assert line(row) == "| speed | 1 µs | 2 µs | 1.50 (1.25–12) | ≥ 1.60 | missed |"
    row = Row("share", "1", "2", Spread(0.5, 0.4, 0.6), 0.5, at_least=False, percent=True)
    assert line(row) == "| share | 1 | 2 | 50 % (40 %–60 %) | ≤ 50 % | met |"


def test_ours_is_held_to_the_nearest_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    check_same_work({"ours": 1.0, "eager": 1.0021, "channels_last": 1.0004})
    assert "ours and channels_last differ by 4e-04; the others differ by up to 2e-03" in capsys.readouterr().err
    with pytest.raises(DifferentWork):
        check_same_work({"ours": 1.0, "eager": 1.002, "channels_last": 1.002})


@pytest.mark.parametrize("other", [1.02, -1.0, float("nan"), float("inf")])
def test_who_is_far_away_does_other_work_whoever_else_is_near(other: float) -> None:
    with pytest.raises(DifferentWork):
        check_same_work({"ours": 1.0, "eager": 1.0, "compile": other})


def test_each_installed_framework_has_a_row_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["training.benchmark.rows.frameworks"]
    samples = {"ours": samples_of(1.0), "JAX": samples_of(2.0), "Keras on torch": samples_of(4.0)}
    monkeypatch.setattr(module, "turns", lambda settings, *specifications: samples)
    rows = list(ROWS["frameworks"](Settings(1, 1)))
    assert [(row.name, row.measured and row.measured.median) for row in rows] == [
        ("training `quick`, against JAX, per image", 2.0),
        ("training `quick`, against Keras on torch, per image", 4.0),
    ]
    monkeypatch.setattr(module, "turns", lambda settings, *specifications: {"ours": samples_of(1.0)})
    assert list(ROWS["frameworks"](Settings(1, 1))) == []


def test_the_machine_is_named_as_linux_lists_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cores = "".join(
        f"processor\t: {core}\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n\n" for core in range(2)
    )
    cpuinfo.write_text(cores, encoding="utf-8")
    monkeypatch.setattr(machine, "CPUINFO", cpuinfo)
    assert machine.processor().startswith("AMD EPYC (family 25, model 17, ")


def test_a_machine_without_that_list_is_named_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "nothing")
    assert machine.processor()


def test_kernels_that_were_set_by_hand_are_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    assert "kernels" in machine.blas()
    assert "OPENBLAS_CORETYPE" not in machine.blas()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert "OPENBLAS_CORETYPE=Haswell is set" in machine.blas()


def test_a_contestant_works_in_a_process_of_its_own() -> None:
    with Contestant("convolution", "article_algorithm.convolution") as contestant:
        sample = contestant.run()
    assert sample.seconds > 0
    assert 10 < sample.megabytes < 2000


def test_a_contestant_whose_library_is_missing_says_so() -> None:
    with Contestant("ghost", "no_such_module.work") as contestant, pytest.raises(Unavailable, match="not installed"):
        contestant.run()


def test_the_articles_convolution_is_ours() -> None:
    rng = np.random.default_rng(0)
    layer = ConvLayer((6, 7, 3), (3, 2), 4, rng)
    layer.bias[:] = rng.normal(size=4)
    picture, error = rng.normal(size=(6, 7, 3)), rng.normal(size=(4, 6, 4))
    output = layer.forward_propagation(picture[None], training=True)
    np.testing.assert_allclose(article_algorithm.convolve(picture, layer.weights, layer.bias), output[0])
    input_error = layer.backward_propagation(error[None])
    theirs = article_algorithm.convolve_back(picture, layer.weights, error)
    for mine, its in zip((input_error[0], layer.gradients["weights"], layer.gradients["bias"]), theirs, strict=True):
        np.testing.assert_allclose(mine, its)


def test_the_article_learns_one_picture_as_our_network_does() -> None:
    network = build_network("article", np.random.default_rng(0), np.float64)
    network.use(*LOSSES["mse"])
    _, images, targets = jobs.job("article")
    before = [array.copy() for array in network.parameters().values()]
    after = article_algorithm.learn_one(before, images_to_input(images[:1])[0], targets[0], np.float32(0.5))
    network.fit(images_to_input(images[:1]), targets[:1], epochs=1, learning_rate=0.5)
    for mine, its, first in zip(network.parameters().values(), after, before, strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-9)
        assert not np.array_equal(its, first)


def test_operations_are_counted_as_by_hand() -> None:
    forwards = [3 * 3 * 26 * 26, 676 * 100, 100 * 10]  # multiplications: convolution and the two behind it
    assert ours.operations(build_network("article", np.random.default_rng(0))) == 2 * (3 * sum(forwards) - forwards[0])


def test_the_command_writes_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path / "benchmark")
    assert command.main(["--smoke", "--rows", "article", "--threads", "1"]) == 0
    results = json.loads((tmp_path / "benchmark/benchmark.json").read_text(encoding="utf-8"))
    assert len(results["rows"]) == 2
    assert results["machine"]["threads"] == "1"
    assert (tmp_path / "benchmark/benchmark.md").read_text(encoding="utf-8") in capsys.readouterr().out


def test_numbers_of_any_size_are_written_with_three_figures() -> None:
    values = 0.23449, 17.99, 99.96, 2135.0, 71_512.0
    assert [three_figures(value) for value in values] == ["0.234", "18", "100", "2,140", "71,500"]
