"""The benchmark runs and prints a row for each network; what it measures is not tested."""

import re

import pytest

from model.architectures import ARCHITECTURES
from training import benchmark


def test_the_benchmark_has_a_row_for_each_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "REPEATS", 1)
    assert benchmark.main(["--steps", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    assert [row.split()[0] for row in rows] == list(ARCHITECTURES)
    for row in rows:
        assert len(re.findall(r"\d+ +\([\d.]+ to [\d.]+\)", row)) == 3
