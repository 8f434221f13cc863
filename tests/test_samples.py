"""The user's own test digits: folders of pictures and files of strokes."""

import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from data.datasets import DatasetError
from data.ink import picture_to_image, strokes_to_image
from data.labelled_pictures import name_and_digit
from data.samples import load_samples, load_written_digits
from tests.tiny_report import line, save_strokes


def save_picture(path: Path, ink: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("L", (60, 60), 255)
    if ink:
        ImageDraw.Draw(picture).line([(30, 10), (34, 50)], fill=0, width=5)
    picture.save(path)
    return path


def test_folder_names_are_the_digits(tmp_path: Path) -> None:
    one = save_picture(tmp_path / "1" / "a.png")
    save_picture(tmp_path / "7" / "b.jpg")
    (tmp_path / "7" / ".DS_Store").write_text("left behind by a system")
    (tmp_path / "notes.txt").write_text("not in a digit's folder")
    images, labels = load_samples(tmp_path)
    assert (images.dtype, images.shape, labels.tolist()) == (np.uint8, (2, 28, 28), [1, 7])
    np.testing.assert_array_equal(images[0], picture_to_image(one))


def test_pictures_without_ink_stay_in_their_place(tmp_path: Path) -> None:
    save_picture(tmp_path / "1" / "a.png", ink=False)
    save_picture(tmp_path / "1" / "b.png")
    images, labels = load_samples(tmp_path)
    assert labels.tolist() == [1, 1]
    assert [image.any() for image in images] == [False, True]


def torn_picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no picture at all")
    return path


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    save_picture(tmp_path / "3" / "good.png")
    torn = torn_picture(tmp_path / "3" / "torn.png")
    with pytest.raises(DatasetError, match=r"torn\.png: .*remove it"):
        load_samples(tmp_path)
    unread: list[str] = []
    images, labels = load_samples(tmp_path, unread)
    assert (len(images), labels.tolist()) == (1, [3])
    (line,) = unread
    assert line.startswith(f"{torn}: this is not an image")


def test_nothing_but_damaged_pictures(tmp_path: Path) -> None:
    torn_picture(tmp_path / "3" / "torn.png")
    with pytest.raises(DatasetError, match=r"none of the 1 images in .* \(.*torn\.png: .*\): replace"):
        load_samples(tmp_path, [])


def test_what_was_unread_elsewhere_is_not_said_of_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "3").mkdir()
    with pytest.raises(DatasetError, match="there are no images in"):
        load_samples(tmp_path, ["elsewhere.png: it is damaged"])


def test_folders_of_digits_below_others(tmp_path: Path) -> None:
    save_picture(tmp_path / "test" / "0" / "a.png")
    save_picture(tmp_path / "anna" / "may" / "6" / "b.png")
    (tmp_path / "test" / "0" / "Thumbs.db").write_bytes(b"left behind by a system")
    (tmp_path / "test" / "0" / "older").mkdir()
    torn_picture(tmp_path / "__MACOSX" / "test" / "0" / "._a.png")
    torn_picture(tmp_path / ".thumbnails" / "0" / "a.png")
    unread: list[str] = []
    assert load_samples(tmp_path, unread)[1].tolist() == [0, 6]
    assert unread == []


LISTS = {
    "labels.csv": "file,label\na.png,4\nb c.png,7\n",
    "labels.txt": "a.png 4\nb c.png\t7\n\n",
    "test-labels.tsv": '\ufeff"a.png";"4"\r\n"b c.png";"7"',
}


@pytest.mark.parametrize("name", LISTS)
def test_a_file_lists_pictures_and_their_digits(tmp_path: Path, name: str) -> None:
    save_picture(tmp_path / "below" / "a.png")
    save_picture(tmp_path / "below" / "b c.png", ink=False)
    file = tmp_path / "below" / name
    file.write_text(LISTS[name], encoding="utf-8", newline="")
    for path in (tmp_path, file):
        images, labels = load_samples(path)
        assert labels.tolist() == [4, 7]
        assert [image.any() for image in images] == [True, False]


def test_a_list_may_name_what_cannot_be_opened(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    (tmp_path / "folder").mkdir()
    (tmp_path / "labels.csv").write_text("a.png,4\nfolder,7\n")
    unread: list[str] = []
    assert load_samples(tmp_path, unread)[1].tolist() == [4]
    assert unread == [f"{tmp_path / 'folder'}: the file cannot be opened: Is a directory"]


def test_a_list_beside_folders_adds_pictures_and_never_counts_one_twice(tmp_path: Path) -> None:
    for name in ("1/a.png", "1/b.png", "c.png"):
        save_picture(tmp_path / name)
    (tmp_path / "labels.csv").write_text("image,digit\n1/a.png,1\n1/b.png,7\nc.png,9\nd.png,2\nc.png\n")
    unread: list[str] = []
    assert load_samples(tmp_path, unread)[1].tolist() == [1, 9]
    contradiction, missing, no_digit = sorted(unread)
    assert contradiction.endswith("b.png: its digit is 1 or 7")
    assert no_digit.endswith("labels.csv, line 6: it is not the name of an image and a digit")
    assert missing.endswith("d.png")


def table_row(label: int, *pixels: int) -> str:
    return ",".join(map(str, [label, *pixels, *[0] * (784 - len(pixels))])) + "\n"


@pytest.mark.parametrize("heading", ["", "label," + ",".join(f"pixel{i}" for i in range(784)) + "\n"])
def test_kaggles_table_of_pixels(tmp_path: Path, heading: str) -> None:
    file = tmp_path / "train.csv"
    file.write_text(heading + table_row(7, 1, 255) + table_row(0))
    images, labels = load_samples(file)
    assert (images.dtype, images.shape, labels.tolist()) == (np.uint8, (2, 28, 28), [7, 0])
    assert images[0, 0, :3].tolist() == [1, 255, 0]
    assert not images[1].any()


@pytest.mark.parametrize(
    "row", [table_row(10), table_row(3, 256), table_row(3, -1), "3,0.5\n", "3,1\n", table_row(3)[:-1] + ",0\n", "x\n"]
)
def test_broken_rows_of_a_table_are_named(tmp_path: Path, row: str) -> None:
    file = tmp_path / "train.csv"
    file.write_text(table_row(7, 9) + row + table_row(5, 9))
    unread: list[str] = []
    assert load_samples(file, unread)[1].tolist() == [7, 5]
    assert unread == [f"{file}, line 2: it is not a digit and 784 whole numbers from 0 to 255"]
    with pytest.raises(DatasetError, match=r"train\.csv, line 2: .*remove it"):
        load_samples(file)


def test_a_table_without_labels_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "test.csv"
    file.write_text(",".join(f"pixel{i}" for i in range(784)) + "\n" + ",".join(["0"] * 784) + "\n")
    with pytest.raises(DatasetError, match=r"test\.csv"):
        load_samples(file)


def test_folder_without_pictures_says_where_they_go(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    with pytest.raises(DatasetError, match=r"no images in .*/0 to .*/9"):
        load_samples(tmp_path)


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no folder or file .*nowhere"):
        load_samples(tmp_path / "nowhere")


def test_strokes(tmp_path: Path) -> None:
    images, labels = load_samples(save_strokes(tmp_path / "lines.npz", [1, 4, 7], blank=(1,)))
    assert labels.tolist() == [1, 4, 7]
    assert not images[1].any()
    for i in (0, 2):
        np.testing.assert_array_equal(images[i], strokes_to_image([line(i)]))


def test_drawing_of_two_strokes(tmp_path: Path) -> None:
    cross = [np.array([[0.0, 0.0], [9.0, 9.0]]), np.array([[9.0, 0.0], [4.0, 4.0], [0.0, 9.0]])]
    file = tmp_path / "cross.npz"
    np.savez(file, points=np.concatenate(cross), stroke_start=[0, 2, 5], sample_offset=[0, 2], y=[4])
    np.testing.assert_array_equal(load_samples(file)[0][0], strokes_to_image(cross))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("points", np.zeros((2, 3))),
        ("points", np.array([["0", "0"], ["1", "1"]])),
        ("stroke_start", [0, 3]),
        ("stroke_start", [0.0, 2.0]),
        ("stroke_start", [2, 0]),
        ("sample_offset", [[0, 1]]),
        ("sample_offset", [0, 1, 1]),
        ("y", [10]),
        ("y", [-2]),
        ("y", [1.0]),
        ("y", [1, 1]),
    ],
)
def test_strokes_that_do_not_fit_together(tmp_path: Path, name: str, array: Any) -> None:
    arrays = {"points": line(0), "stroke_start": [0, 2], "sample_offset": [0, 1], "y": [1]}
    np.savez(tmp_path / "bad.npz", **{**arrays, name: array})
    with pytest.raises(DatasetError, match=r"bad\.npz do not fit together"):
        load_samples(tmp_path / "bad.npz")


def test_strokes_at_infinity_name_the_drawing(tmp_path: Path) -> None:
    file = tmp_path / "far.npz"
    np.savez(file, points=np.array([[0, np.inf], [1, 1]]), stroke_start=[0, 2], sample_offset=[0, 1], y=[1])
    with pytest.raises(DatasetError, match=r"far\.npz, drawing 0: .*remove it"):
        load_samples(file)


def test_file_without_drawings(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no drawings"):
        load_samples(save_strokes(tmp_path / "none.npz", []))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x93NUMPY nonsense"])
def test_file_that_is_not_a_strokes_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.npz"
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=r"other\.npz is not a strokes file"):
        load_samples(file)


@pytest.mark.parametrize(("strokes", "drawings"), [(500_001, 1), (0, 500_001)])
def test_a_few_kilobytes_that_stand_for_more_than_anybody_draws(tmp_path: Path, strokes: int, drawings: int) -> None:
    file = tmp_path / "many.npz"
    np.savez_compressed(
        file,
        points=np.zeros((0, 2)),
        stroke_start=np.zeros(strokes + 1, np.int8),
        sample_offset=np.append(np.zeros(drawings, int), strokes),
        y=np.ones(drawings, np.int8),
    )
    assert file.stat().st_size < 10_000
    with pytest.raises(DatasetError, match=r"many\.npz has more than 500,000 drawings or strokes: split it"):
        load_samples(file)


LOAD = """
import sys
from pathlib import Path
from data.datasets import DatasetError
from data.samples import load_samples
try:
    print(len(load_samples(sys.argv[1])[1]), "drawings")
except DatasetError as error:
    print(error)
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def loaded(file: Path) -> tuple[str, int]:
    """What a fresh process says of a file, and how many megabytes it took at most."""
    command = [sys.executable, "-c", LOAD, str(file)]
    output = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True).stdout
    said, kilobytes = output.splitlines()
    return said, int(kilobytes) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process took at most")
@pytest.mark.parametrize("lies", [False, True])
def test_a_file_that_unpacks_to_far_more_is_refused_before_it_takes_memory(tmp_path: Path, lies: bool) -> None:
    honest = save_strokes(tmp_path / "honest.npz", [1, 4, 7])
    bomb = tmp_path / "bomb.npz"
    shutil.copy(honest, bomb)
    size = 300 * 2**20
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("image.npy", "w") as member:
            header = {"descr": "|u1", "fortran_order": False, "shape": (size,)}
            np.lib.format.write_array_header_1_0(member, header)
            for _ in range(300):
                member.write(bytes(2**20))
        size = archive.infolist()[-1].file_size
    if lies:
        bomb.write_bytes(bomb.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 1000)))
    said, memory = loaded(honest)
    assert said == "3 drawings"
    refusal, peak = loaded(bomb)
    assert f"{bomb} is not a strokes file, or is damaged (" in refusal
    assert ("unpacks to more than 256 MiB" in refusal) is not lies
    assert peak - memory < 64


def test_strokes_file_cannot_run_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "trap",))

    np.savez(tmp_path / "trap.npz", points=np.array([Trap()], object), stroke_start=[0], sample_offset=[0], y=[1])
    with pytest.raises(DatasetError, match="not a strokes file"):
        load_samples(tmp_path / "trap.npz")
    assert not (tmp_path / "trap").exists()


def test_a_list_alone_may_not_contradict_itself_either(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    save_picture(tmp_path / "b.png")
    (tmp_path / "labels.txt").write_text("a.png,3\na.png,5\nb.png,3\n")
    unread: list[str] = []
    assert load_samples(tmp_path / "labels.txt", unread)[1].tolist() == [3]
    assert unread == [f"{tmp_path / 'a.png'}: its digit is 3 or 5"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a.png,3", ("a.png", 3)),
        ("a b, c.png\t3 \n", ("a b, c.png", 3)),
        (' "a.png" ; "3"\r\n', ("a.png", 3)),
        ("a.png3", None),
        ("a.png,33", None),
        ("a.png,three", None),
        (",3", None),
        ("3", None),
        ("", None),
        ("a.png,²", None),
        (" " * 9_999 + "x", None),
    ],
)
def test_a_line_is_a_name_and_a_digit(line: str, found: tuple[str, int] | None) -> None:
    assert name_and_digit(line) == found


def test_written_digits_have_strokes_and_are_digits(tmp_path: Path) -> None:
    file = save_strokes(tmp_path / "mine.npz", [3, 4, 5], blank=(1,))
    drawings, labels, writers = load_written_digits(file)
    assert (labels.tolist(), [len(drawing) for drawing in drawings], writers.tolist()) == ([3, 5], [1, 1], [0, 0])
    with pytest.raises(DatasetError, match="no drawings of digits"):
        load_written_digits(save_strokes(tmp_path / "empty.npz", [3], blank=(0,)))
