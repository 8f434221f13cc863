"""The store of drawings: nothing stored is lost, and nothing invalid is stored."""

import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import handwriting
from data.datasets import DatasetError
from data.handwriting import Drawing, Handwriting, HandwritingError
from data.handwriting_file import pack, unpack
from data.ink import strokes_to_image
from data.samples import load_samples

STROKES = [np.array([[300.0, 200.5], [700.0, 200.0], [400.0, 900.0]]), np.array([[350.0, 500.0]])]
# Keeps drawings 0, 1, 2, … of a name, and says after each that it is kept.
WRITER = """
import sys
from tests.test_handwriting import drawn
from data.handwriting import Handwriting

path, name, count = sys.argv[1:]
for i in range(int(count)):
    Handwriting(path).keep(drawn(f"{name}-{i}"))
    print(i, flush=True)
"""


def drawn(key: str = "a", **changes: Any) -> Drawing:
    image = strokes_to_image(STROKES)
    assert image is not None
    return replace(Drawing(key, STROKES, image, answer=1, truth=7, weights="runs/mine"), **changes)


def same(one: Drawing, other: Drawing) -> bool:
    plain = ("key", "answer", "truth", "weights", "created")
    return (
        all(getattr(one, name) == getattr(other, name) for name in plain)
        and np.array_equal(one.image, other.image)
        and len(one.strokes) == len(other.strokes)
        and all(np.array_equal(*pair) for pair in zip(one.strokes, other.strokes, strict=True))
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "handwriting.sqlite"


@pytest.fixture
def store(path: Path) -> Handwriting:
    return Handwriting(path)


def test_stored_drawings_are_read_back(store: Handwriting, path: Path) -> None:
    digit = drawn("a", created="2026-05-03T14:05:00+00:00")
    scribble = drawn("b", answer=None, truth=None)
    upload = drawn("c", strokes=[])
    for drawing in (digit, scribble, upload):
        store.keep(drawing)
    found = Handwriting(path).drawings()
    assert len(found) == store.count() == 3
    assert all(map(same, found, (digit, scribble, upload)))
    assert found[0].strokes[0].dtype == np.float64


def test_a_second_tap_corrects_and_never_duplicates(store: Handwriting) -> None:
    store.keep(drawn("a", truth=1, created="2026-05-03T14:05:00+00:00"))
    store.keep(drawn("b"))
    store.keep(drawn("a", truth=7, answer=3, weights="others"))
    first, second = store.drawings()
    assert same(first, drawn("a", truth=7, created="2026-05-03T14:05:00+00:00"))
    assert second.key == "b"


def test_digits_of_numpy_are_kept_as_numbers(store: Handwriting) -> None:
    store.keep(drawn(answer=np.intp(3), truth=np.uint8(4)))
    (found,) = store.drawings()
    assert (found.answer, found.truth) == (3, 4)


def test_deleting(store: Handwriting) -> None:
    for key in "abc":
        store.keep(drawn(key))
    store.delete(["a", "c", "unknown"])
    assert [drawing.key for drawing in store.drawings()] == ["b"]


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""},
        {"key": "k" * 201},
        {"weights": 3},
        {"weights": "runs/\udcff/weights.npz"},
        {"created": "yesterday"},
        {"created": "0001-01-01"},
        {"created": "9999-12-31T23:59:59"},
        {"answer": 10},
        {"truth": -1},
        {"image": np.zeros((27, 28), np.uint8)},
        {"image": np.zeros((28, 28))},
        {"strokes": [np.zeros((2, 3))]},
        {"strokes": [np.array([[0, np.nan]])]},
        {"strokes": [np.array([[0, np.inf]])]},
        {"strokes": [np.zeros((1, 2))] * 101},
        {"strokes": [np.zeros((20_001, 2))]},
    ],
)
def test_an_invalid_drawing_cannot_be_created(changes: dict[str, Any]) -> None:
    with pytest.raises(HandwritingError, match="a drawing"):
        drawn(**changes)


def test_the_store_is_bounded_but_can_still_be_corrected(store: Handwriting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handwriting, "MOST_DRAWINGS", 2)
    store.keep(drawn("a"))
    with pytest.raises(HandwritingError, match="delete some first"):
        store.keep_missing([drawn("b"), drawn("c")])
    assert store.count() == 1
    store.keep(drawn("b"))
    store.keep(drawn("b", truth=2))
    with pytest.raises(HandwritingError, match="delete some first"):
        store.keep(drawn("c"))
    assert [drawing.truth for drawing in store.drawings()] == [7, 2]
    monkeypatch.setattr(handwriting, "MOST_DRAWINGS", 1)  # as if the file came from a version that allowed more
    store.keep(drawn("b", truth=3))
    assert [drawing.truth for drawing in store.drawings()] == [7, 3]


def make_sqlite(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["CREATE TABLE notes (text TEXT)"], "another program"),
        (["PRAGMA application_id = 7"], "another program"),
        (["PRAGMA user_version = 1"], "another program"),
        ([f"PRAGMA application_id = {handwriting.APPLICATION_ID}", "PRAGMA user_version = 2"], "newer version"),
    ],
)
def test_a_file_of_another_program_is_refused_and_not_changed(path: Path, statements: list[str], message: str) -> None:
    make_sqlite(path, *statements)
    before = path.read_bytes()
    with pytest.raises(HandwritingError, match=rf"handwriting\.sqlite .*{message}"):
        Handwriting(path)
    assert path.read_bytes() == before


def test_a_file_that_is_not_a_database_is_refused_and_not_changed(path: Path) -> None:
    path.write_text("my diary, " * 100)
    with pytest.raises(
        HandwritingError, match=r"handwriting\.sqlite is damaged or not a handwriting file .*move it away"
    ):
        Handwriting(path)
    assert path.read_text() == "my diary, " * 100


def test_a_damaged_file_is_never_overwritten(store: Handwriting, path: Path) -> None:
    for i in range(50):
        store.keep(drawn(f"{i}"))
    content = path.read_bytes()
    damaged = content[:4096] + b"\xff" * (len(content) - 4096)
    path.write_bytes(damaged)
    for attempt in (store.drawings, store.count, lambda: store.keep(drawn("new"))):
        with pytest.raises(HandwritingError, match=r"handwriting\.sqlite is damaged"):
            attempt()
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("lengths", ["01000000", "ffffff00", "02000000ffffffff01000000"])
def test_inconsistent_bytes_are_reported(store: Handwriting, path: Path, lengths: str) -> None:
    """Fewer points in the strokes than there are, more, and fewer than none in one of them."""
    store.keep(drawn())
    make_sqlite(path, f"UPDATE drawings SET lengths = x'{lengths}'")
    with pytest.raises(HandwritingError, match=r"handwriting\.sqlite is damaged .*more or fewer points"):
        store.drawings()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HandwritingError, match=r"nowhere/mine\.sqlite cannot be used"):
        Handwriting(tmp_path / "nowhere" / "mine.sqlite")


def test_readers_see_whole_drawings_while_others_write(store: Handwriting, path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = [pool.submit(store.keep, drawn(f"{i}")) for i in range(60)]
        read = [pool.submit(Handwriting(path).drawings) for _ in range(20)]
        for each in kept:
            each.result()
        assert all(drawing.truth == 7 for each in read for drawing in each.result())
    assert {drawing.key for drawing in store.drawings()} == {f"{i}" for i in range(60)}


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)


def test_processes_that_make_the_file_and_write_at_once_lose_nothing(path: Path) -> None:
    writers = [writer(path, name, 25) for name in "abcd"]
    for each in writers:
        each.communicate(timeout=120)
        assert each.returncode == 0
    found = Handwriting(path).drawings()
    assert sorted(drawing.key for drawing in found) == sorted(f"{name}-{i}" for name in "abcd" for i in range(25))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_stored_drawings_survive_a_kill_during_writing(path: Path) -> None:
    victim = writer(path, "victim", 100_000)
    assert victim.stdout is not None
    while int(victim.stdout.readline()) < 20:
        pass
    os.kill(victim.pid, signal.SIGKILL)
    told = 20 + len(victim.communicate(timeout=60)[0].split())
    keys = {drawing.key for drawing in Handwriting(path).drawings()}
    assert keys >= {f"victim-{i}" for i in range(told + 1)}
    Handwriting(path).keep(drawn("after"))
    assert Handwriting(path).count() == len(keys) + 1


@pytest.fixture
def drawings() -> list[Drawing]:
    return [drawn("a"), drawn("b", truth=None, answer=None), drawn("c", strokes=[], truth=0)]


def test_an_export_holds_everything(drawings: list[Drawing]) -> None:
    assert all(map(same, unpack(pack(drawings)), drawings))
    assert unpack(pack([])) == []


def test_importing_twice_duplicates_nothing_and_undoes_no_correction(
    store: Handwriting, drawings: list[Drawing]
) -> None:
    content = pack(drawings)
    store.keep(drawn("a", truth=2))
    assert store.keep_missing(unpack(content)) == 2
    assert store.keep_missing(unpack(content)) == 0
    assert [drawing.truth for drawing in store.drawings()] == [2, None, 0]


def changed(content: bytes, **arrays: Any) -> bytes:
    """The same export with some arrays in place of its own; None leaves one out."""
    with np.load(BytesIO(content)) as archive:
        merged = {**archive, **arrays}
    file = BytesIO()
    np.savez(file, **{name: array for name, array in merged.items() if array is not None})
    return file.getvalue()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": np.array([7, 10, 0])}, "do not fit together"),
        ({"y": np.array([7, -2, 0])}, "do not fit together"),
        ({"y": np.array([7.0, 1.0, 0.0])}, "do not fit together"),
        ({"y": np.zeros((3, 1), int)}, "do not fit together"),
        ({"points": np.zeros((8, 2), np.complex64)}, "do not fit together"),
        ({"points": np.full((8, 2), np.nan)}, "drawing 1 in this file is invalid: .*not finite"),
        ({"stroke_start": np.array([0, 3, 4, 2, 8])}, "do not fit together"),
        ({"sample_offset": np.array([0, 2, 4, 5])}, "do not fit together"),
        ({"image": np.zeros((3, 28, 27), np.uint8)}, "do not fit together"),
        ({"image": np.zeros((3, 28, 28))}, "do not fit together"),
        ({"answer": np.array([1, 2, 11])}, "drawing 3 in this file is invalid: .*answer"),
        ({"answer": np.array([1, 2])}, "do not fit together"),
        ({"key": np.array([1, 2, 3])}, "do not fit together"),
        ({"key": np.array(["a", "", "c"])}, "drawing 2 in this file is invalid"),
        ({"weights": np.array(["w" * 201] * 3)}, "drawing 1 in this file is invalid"),
        ({"created": np.array(["", "", ""])}, "drawing 1 in this file is invalid: .*date"),
        ({"created": None}, "not an export of handwriting"),
        ({"key": np.array([0xD800] * 3, "<u4").view("<U1")}, r"not an export .* \(key\.npy is no Unicode\)"),
        ({"key": np.array([0x110000] * 3, ">u4").view(">U1")}, r"not an export .* \(key\.npy is no Unicode\)"),
        (
            {
                "stroke_start": np.zeros(500_002, np.int8),
                "points": np.zeros((0, 2)),
                "sample_offset": [0, 0, 0, 500_001],
            },
            "more strokes than its drawings may have",
        ),
        ({"key": np.array([{}, [], print], object)}, "not an export of handwriting"),
    ],
)
def test_an_invalid_import(drawings: list[Drawing], arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(HandwritingError, match=message):
        unpack(changed(pack(drawings), **arrays))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY nonsense", pack([])[:-30]])
def test_a_file_that_is_not_an_export(content: bytes) -> None:
    with pytest.raises(HandwritingError, match="not an export of handwriting, or it is damaged"):
        unpack(content)


def test_an_import_is_bounded(drawings: list[Drawing]) -> None:
    bomb = BytesIO(pack(drawings))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", bytes(2**26))
    with pytest.raises(HandwritingError, match="unpacks to more than 64 MiB"):
        unpack(bomb.getvalue())
    many = handwriting.MOST_DRAWINGS + 1
    with pytest.raises(HandwritingError, match="more than 5,000 drawings"):
        unpack(pack([drawn("same", strokes=[])] * many))


def test_store_and_export_can_be_evaluated(store: Handwriting, path: Path, drawings: list[Drawing]) -> None:
    store.keep_missing(drawings)
    export = path.with_name("export.npz")
    export.write_bytes(pack(drawings))
    for file in (path, export):
        images, labels = load_samples(file)
        assert (images.dtype, images.shape, labels.tolist()) == (np.uint8, (2, 28, 28), [7, 0])
        assert all(np.array_equal(image, drawings[0].image) for image in images)


def test_a_store_that_cannot_be_evaluated(store: Handwriting, path: Path) -> None:
    with pytest.raises(DatasetError, match=r"handwriting\.sqlite has no digits yet"):
        load_samples(path)
    make_sqlite(path, "PRAGMA user_version = 2")
    with pytest.raises(DatasetError, match="newer version"):
        load_samples(path)
