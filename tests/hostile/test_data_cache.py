"""A data set from a damaged cache or a faulty OpenML: right, or an error message in time, never wrong."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from data import datasets
from data.datasets import Dataset, DatasetError, OpenMLUnreachable, load_dataset
from tests.hostile.conftest import TORTURE
from tests.hostile.openml import AILMENTS, IMAGES, LABELS, PLACES, QUESTIONS, OpenML, openml

PATIENCE = 1.0  # seconds without a byte
BOUND = 30.0  # seconds for a load: not how fast it is, but that it ends
# What a short form tries; the long form tries all, everywhere.
SOME = {("404", "/"), ("cut", "/download/"), ("one pixel changed", "/download/"), ("a byte now and then", "/download/")}
SOME |= {("a page of HTML", "/list/"), ("silent", "/info/")}
HEALED_BY_ASKING_AGAIN = {"slow", "500", "404", "cut", "cut, and said to be whole", "nothing", "a page of HTML"}


class NoTime:
    """For scikit-learn, so that it asks again at once: else it waits for a second."""

    @staticmethod
    def sleep(seconds: float) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[OpenML]:
    with openml() as server:
        yield server


@pytest.fixture
def home(server: OpenML, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, with the stand-in for OpenML and its data set for MNIST."""
    for place, name in QUESTIONS.items():
        monkeypatch.setattr(f"sklearn.datasets._openml.{name}", f"{server.address}{place}{{}}")
    fingerprint = datasets._fingerprint(IMAGES, LABELS)
    load = datasets._cached("mnist", fingerprint, datasets._mnist)
    monkeypatch.setitem(datasets.DATASETS, "mnist", datasets.Source("MNIST", 50, load))
    monkeypatch.setattr(datasets, "TIMEOUT", PATIENCE)
    monkeypatch.setattr("sklearn.datasets._openml.time", NoTime)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "kept"))
    yield tmp_path / "kept"
    get_well(server)


def get_well(server: OpenML) -> None:
    """End what hangs, and wait for the fetches that were given up: they share the cache with what comes next."""
    server.recover()
    for thread in threading.enumerate():
        if thread.name == "openml":
            thread.join(BOUND)
            assert not thread.is_alive()


def assert_right(dataset: Dataset) -> None:
    assert np.array_equal(np.concatenate([dataset.train_images, dataset.test_images]), IMAGES)
    assert np.array_equal(np.concatenate([dataset.train_labels, dataset.test_labels]), LABELS)


def load() -> str:
    """The data set, which must be right, or a refusal, which must be in words; what was said, empty where it is right.

    Either must come in time.
    """
    started = time.monotonic()
    try:
        assert_right(load_dataset("mnist"))
        said = ""
    except DatasetError as error:
        said = str(error)
        assert "mnist" in said
        assert "\n" not in said
        assert len(said) < 500
    assert time.monotonic() - started < BOUND
    return said


def load_after_the_advice(said: str, home: Path) -> str:
    """Load again, after having deleted what was asked for, if anything was."""
    if f"delete {home / 'openml'}" in said:
        shutil.rmtree(home / "openml")
    return load()


def test_a_read_only_cache_is_not_reported_as_unreachable_openml(home: Path) -> None:
    """Or training would silently take the small digits instead."""
    home.write_text("a file in the way")
    with pytest.raises(
        DatasetError, match=r"mnist_784 cannot be cached \(.*\): delete .*, or set SCIKIT_LEARN"
    ) as told:
        load_dataset("mnist")
    assert not isinstance(told.value, OpenMLUnreachable)


def cases() -> list[tuple[str, str]]:
    every = [(ailment, place) for ailment in AILMENTS for place in ("/", *PLACES)]
    return every if TORTURE else [case for case in every if case in SOME]


@pytest.mark.parametrize(("ailment", "place"), cases())
def test_a_faulty_openml_gives_the_right_data_or_an_error(
    ailment: str, place: str, server: OpenML, home: Path, outcomes: list[str]
) -> None:
    for times in (1, 10**6) if TORTURE else (10**6,):
        shutil.rmtree(home, ignore_errors=True)
        server.fall_ill(ailment, place, times)
        said = load()
        outcomes.append("refused" if said else "right")
        if times == 1 and ailment in HEALED_BY_ASKING_AGAIN:
            assert said == ""
        get_well(server)
        assert load_after_the_advice(said, home) == ""


@pytest.fixture(scope="module")
def outcomes() -> list[str]:
    """The outcome of each fault."""
    return []


def test_the_row_of_the_faulty_openml(outcomes: list[str], row: Callable[[str, str], None]) -> None:
    assert outcomes
    row(
        f"OpenML slow, silent, trickling, disconnecting, with errors and wrong data, in {len(outcomes):,} ways",
        f"{outcomes.count('right'):,} times the right data, {outcomes.count('refused'):,} times an error message, "
        "never wrong data, never a longer wait than the limit; right again once OpenML was",
    )


DAMAGES: dict[str, Callable[[Path, bytes, bytes], object]] = {
    "cut": lambda path, content, other: path.write_bytes(content[: len(content) // 2]),
    "emptied": lambda path, content, other: path.write_bytes(b""),
    "a bit flipped": lambda path, content, other: path.write_bytes(flipped(content, len(content) // 2)),
    "a bit of the start flipped": lambda path, content, other: path.write_bytes(flipped(content, 2)),
    "a bit of the end flipped": lambda path, content, other: path.write_bytes(flipped(content, -6)),
    "replaced by another": lambda path, content, other: path.write_bytes(other),
    "taken away": lambda path, content, other: path.unlink(),
    "a folder in its place": lambda path, content, other: folder_instead(path),
    "a full folder in its place": lambda path, content, other: folder_instead(path / "within"),
}


def of_other_pictures() -> bytes:
    """A decoded file in which nothing is damaged: only the fingerprint tells."""
    file = BytesIO()
    np.savez(file, images=IMAGES[::-1], labels=LABELS)
    return file.getvalue()


def folder_instead(path: Path) -> None:
    file = path if path.exists() else path.parent
    file.unlink()
    path.mkdir(parents=True)


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 16
    return bytes(changed)


@pytest.mark.parametrize("reachable", [pytest.param(True, marks=pytest.mark.slow), False])
def test_every_file_of_the_cache_damaged_in_every_way(
    reachable: bool, server: OpenML, home: Path, row: Callable[[str, str], None]
) -> None:
    """Each file in turn, both while OpenML answers and while it does not."""
    assert load() == ""
    whole = {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}
    assert len(whole) == 6, "the decoded file, and five of scikit-learn's"
    scikit_learns = [path for path in whole if path.suffix != ".npz"]
    others = dict(zip(scikit_learns, [whole[path] for path in scikit_learns[1:] + scikit_learns[:1]], strict=True))
    outcomes = []
    for damaged in whole:
        for damage in DAMAGES if TORTURE or reachable else ("a bit flipped", "a folder in its place"):
            # The decoded file hides the others from being read at all.
            shutil.rmtree(home)
            for path, content in whole.items():
                if path == damaged or path.suffix != ".npz":
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
            server.fall_ill("404", "/", 0 if reachable else 10**6)
            DAMAGES[damage](damaged, whole[damaged], others.get(damaged) or of_other_pictures())
            said = load()
            outcomes.append("refused" if said else "right")
            if reachable and "folder" not in damage and damage != "replaced by another":
                assert said == "", (damage, damaged)
            get_well(server)
            assert load_after_the_advice(said, home) == "", (damage, damaged)
    row(
        f"each file of the data cache damaged, in {len(outcomes)} ways, "
        f"with OpenML {'' if reachable else 'un'}reachable",
        f"{outcomes.count('right')} times the right data, {outcomes.count('refused')} times an error message, "
        "never wrong data",
    )
