"""Files that are written whole or not at all, and arrays that are read without trusting the file."""

import os
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.files import ArchiveError, read_arrays, replacing, write_arrays, write_whole

ARRAYS = {"numbers": np.arange(3.0), "texts": np.array(["a", "ψ"]), "none": np.empty((0, 2), np.uint8)}


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b" / "text", "ψ")
    assert (tmp_path / "a" / "b" / "text").read_bytes() == "ψ".encode()
    assert [file.name for file in (tmp_path / "a" / "b").iterdir()] == ["text"]


def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "text", "old")

    def break_off() -> None:
        with replacing(tmp_path / "text") as file:
            file.write(b"ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert (tmp_path / "text").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["text"]


@pytest.mark.parametrize("write", [lambda path: write_whole(path, "new"), lambda path: write_arrays(path, ARRAYS)])
def test_a_file_is_on_the_disk_before_it_gets_its_name(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, int]] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(number: int) -> None:
        calls.append(("fsync", os.fstat(number).st_size))
        fsync(number)

    def noted_replace(source: Path, target: Path) -> None:
        calls.append(("replace", source.stat().st_size))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write(tmp_path / "file")
    size = (tmp_path / "file").stat().st_size
    assert calls == [("fsync", size), ("replace", size)]


def test_threads_that_write_one_file_at_once_do_not_mix(tmp_path: Path) -> None:
    path, start = tmp_path / "text", threading.Barrier(4)
    errors: list[OSError] = []

    def write(letter: str) -> None:
        start.wait()
        try:
            for _ in range(20):
                write_whole(path, letter * 100_000)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[letter]) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert path.read_text() in {letter * 100_000 for letter in "abcd"}


def test_arrays_come_back_from_a_file_and_from_its_content(tmp_path: Path) -> None:
    write_arrays(tmp_path / "arrays.npz", ARRAYS)
    for file in (tmp_path / "arrays.npz", (tmp_path / "arrays.npz").read_bytes()):
        arrays = read_arrays(file)
        assert list(arrays) == list(ARRAYS)
        assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
        assert all(arrays[name].dtype == ARRAYS[name].dtype for name in ARRAYS)


def test_only_the_arrays_asked_for_are_read(tmp_path: Path) -> None:
    file = BytesIO()
    np.savez(file, allow_pickle=True, **ARRAYS, objects=np.array([print]))
    content = file.getvalue()
    assert list(read_arrays(content, ["texts"], optional=["missing", "none"])) == ["texts", "none"]
    with pytest.raises(ArchiveError, match="it has no array missing"):
        read_arrays(content, ["texts", "missing"])
    with pytest.raises(ArchiveError, match=r"objects\.npy holds object, neither numbers nor texts"):
        read_arrays(content)


def test_what_is_too_large_is_refused_by_the_bound_of_its_reader(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    write_arrays(path, {"numbers": np.zeros(2**20, np.uint8)})
    assert read_arrays(path, largest=2**21)["numbers"].size == 2**20
    with pytest.raises(ArchiveError, match="it unpacks to more than 1 MiB"):
        read_arrays(path, largest=2**20)


def test_a_missing_file_is_the_callers_matter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "missing.npz")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("number", "is_letter"),
    [(0xD7FF, True), (0xD800, False), (0xDFFF, False), (0xE000, True), (0x10FFFF, True), (0x110000, False)],
)
def test_texts_are_unicode_to_its_very_bounds(number: int, is_letter: bool, order: str) -> None:
    file = BytesIO()
    np.savez(file, text=np.array([number], f"{order}u4").view(f"{order}U1"))
    if is_letter:
        assert read_arrays(file.getvalue())["text"].tolist() == [chr(number)]
    else:
        with pytest.raises(ArchiveError, match=r"text\.npy is no Unicode"):
            read_arrays(file.getvalue())
