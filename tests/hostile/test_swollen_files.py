"""Small files that claim to hold gigabytes: each is refused, and takes hardly more memory than an honest file."""

import math
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from data.handwriting import APPLICATION_ID, SCHEMA, TABLE, Drawing, Handwriting, now
from data.handwriting_file import pack
from model import save_network
from tests.hostile.reader import PROCESS, Reader
from tests.small_network import small_network
from training.checkpoint import save_checkpoint

pytestmark = pytest.mark.skipif(not PROCESS.exists(), reason="only Linux tells what a process took at most")

MIB = 2**20
MOST = 64  # megabytes above an honest file
Row = Callable[[str, str], None]
Files = dict[str, tuple[str, Path]]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


def drawing(key: int) -> Drawing:
    rng = np.random.default_rng(key)
    strokes = [rng.integers(0, 1000, (40, 2)).astype(np.float64) for _ in range(2)]
    return Drawing(f"{key}", strokes, rng.integers(0, 256, (28, 28), np.uint8), 1, 7, "best")


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """An honest file for each way of reading."""
    folder = tmp_path_factory.mktemp("honest")
    network = small_network(np.random.default_rng(0), np.float32)
    save_network(folder / "weights.npz", network)
    save_checkpoint(folder / "checkpoint.npz", network.parameters(), {}, {"epoch": 3})
    drawings = [drawing(key) for key in range(500)]
    (folder / "export.npz").write_bytes(pack(drawings))
    Handwriting(folder / "handwriting.sqlite").keep_missing(drawings)
    return {
        "strokes": ("samples", folder / "export.npz"),
        "export": ("export", folder / "export.npz"),
        "handwriting": ("samples", folder / "handwriting.sqlite"),
        "weights": ("weights", folder / "weights.npz"),
        "checkpoint": ("checkpoint", folder / "checkpoint.npz"),
    }


def zeros(dtype: str, *shape: int) -> bytes:
    """The beginning of an array file. The zeros after it are left out."""
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


def deflated(start: bytes, size: int) -> bytes:
    """`start` and then zeros, `size` bytes in all, compressed: 64 MiB of zeros are compressed once, and repeated."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    blocks, rest = divmod(size - len(start), 64 * MIB)
    content = compressor.compress(start) + compressor.flush(zlib.Z_FULL_FLUSH)
    if blocks:
        content += blocks * (compressor.compress(bytes(64 * MIB)) + compressor.flush(zlib.Z_FULL_FLUSH))
    return content + compressor.compress(bytes(rest)) + compressor.flush()


def swollen(honest: Path, path: Path, members: dict[str, tuple[bytes, int]], claimed: int | None = None) -> Path:
    """The honest file with other members, each of zeros after its first bytes.

    Args:
        claimed: the size that the list of contents says, if not the true one.
    """
    content, entries = BytesIO(), []
    with zipfile.ZipFile(honest) as archive:
        kept = {
            f"{name}": archive.read(name) for name in archive.namelist() if name.removesuffix(".npy") not in members
        }
    parts = {name: (data, len(data)) for name, data in kept.items()}
    parts |= {f"{name}.npy": part for name, part in members.items()}
    for name, (start, size) in parts.items():
        data = deflated(start, size)
        fits = size < 16 * MIB  # else nobody gets as far as the checksum
        checksum = zlib.crc32(start + bytes(size - len(start))) if fits else 0
        sizes = len(data), size if claimed is None or name in kept else claimed
        common = struct.pack("<5H3I2H", 20, 0, 8, 0, 0, checksum, *sizes, len(name), 0)
        entries.append(struct.pack("<4sH", b"PK\1\2", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, content.tell()))
        entries.append(name.encode())
        content.write(b"PK\3\4" + common + name.encode() + data)
    place, listed = content.tell(), b"".join(entries)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(parts), len(parts), len(listed), place, 0)
    path.write_bytes(content.getvalue() + listed + end)
    return path


def array(dtype: str, *shape: int) -> tuple[bytes, int]:
    """An array of zeros as a member."""
    start = zeros(dtype, *shape)
    return start, len(start) + int(math.prod(shape)) * np.dtype(dtype).itemsize


ARRAYS: dict[str, dict[str, tuple[bytes, int]]] = {
    "12 GB": {f"x{i}": array("<f4", 1000 * MIB) for i in range(3)},
    "3 GB in the first array": {"points": array("<f4", 400 * MIB, 2)},
    "255 MiB of points": {"points": array("|i1", 127 * MIB, 2)},
    "250 MiB of images": {"image": array("|u1", 330_000, 28, 28)},
    "15 MiB of labels": {"y": array("|i1", 15 * MIB)},
    "15 MiB of strokes": {"stroke_start": array("|i1", 15 * MIB)},
    "14 MiB of drawings": {"sample_offset": array("|i1", 7 * MIB), "y": array("|i1", 7 * MIB)},
    "14 MiB of texts": {"key": array("<U1", 3_600_000)},
    "one long text": {"key": array("<U3600000", 1)},
    "200 MiB of weights": {"0.weights": array("<f4", 50 * MIB)},
    "15 MiB of header": {"header": array("|u1", 15 * MIB), "progress": array("|u1", 1)},
}


@pytest.mark.parametrize("kind", ["strokes", "export", "weights", "checkpoint"])
@pytest.mark.parametrize(("case", "claimed"), [*((case, None) for case in ARRAYS), ("3 GB in the first array", 1000)])
def test_a_swollen_archive_takes_no_memory(
    honest: Files, reader: Reader, tmp_path: Path, row: Row, kind: str, case: str, claimed: int | None
) -> None:
    way, file = honest[kind]
    is_no_trap(reader, way, file, swollen(file, tmp_path / file.name, ARRAYS[case], claimed), row)


def is_no_trap(reader: Reader, way: str, honest: Path, file: Path, row: Row) -> None:
    """The file is refused, or read as the honest one where nobody needs the rest; it takes at most `MOST` more."""
    usual, answer = reader.read(way, honest), reader.read(way, file)
    assert usual.said.startswith("read ")
    refused = f"{file} " if way != "export" else "th"
    assert answer.said == usual.said or answer.said.startswith((refused, "none of the ", "there are no images"))
    more = answer.megabytes - usual.megabytes
    print(f"MORE {more:6} {usual.megabytes:6} {file.stat().st_size:9} {answer.said[:150]}")
    assert more < MOST


def bare(path: Path, *statements: str) -> Path:
    """A file that calls itself handwriting, with a table or view of its own."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA};")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
COMPUTED = TABLE.replace("points BLOB NOT NULL,", "points BLOB AS (zeroblob(900000000)),")
WIDE = TABLE.replace("points BLOB NOT NULL,", "points BLOB AS (zeroblob(160000)),")
ROWS = f"""
INSERT INTO drawings (key, lengths, image, answer, truth, weights, created)
{ENDLESS} SELECT 'k' || i, x'', zeroblob(784), 1, 1, 'w', '{now()}' FROM n LIMIT 5000
"""
VIEW = f"""
CREATE VIEW drawings AS {ENDLESS}
SELECT i AS rowid, 'k' AS key, zeroblob(1000000) AS points, x'' AS lengths, zeroblob(784) AS image, 1 AS answer,
1 AS truth, 'w' AS weights, '{now()}' AS created FROM n
"""
DATABASES: dict[str, tuple[str, ...]] = {
    "a view without end": (VIEW,),
    "points that are computed": (COMPUTED, ROWS),
    "many points that are computed": (WIDE, ROWS),
}


@pytest.mark.parametrize("case", DATABASES)
def test_a_database_that_computes_its_drawings(
    honest: Files, reader: Reader, tmp_path: Path, row: Row, case: str
) -> None:
    way, file = honest["handwriting"]
    is_no_trap(reader, way, file, bare(tmp_path / "computed.sqlite", *DATABASES[case]), row)


def test_a_database_that_names_a_page_many_times(honest: Files, reader: Reader, tmp_path: Path, row: Row) -> None:
    """The page at the root of its table lists the same page of drawings hundreds of times."""
    way, file = honest["handwriting"]
    path = tmp_path / "repeated.sqlite"
    stroke = np.zeros((20_000, 2))
    drawings = [Drawing(f"{key}", [stroke], np.zeros((28, 28), np.uint8), 1, 7, "best") for key in range(12)]
    Handwriting(path).keep_missing(drawings)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'drawings'").fetchone()
    content = bytearray(path.read_bytes())
    page = memoryview(content)[(root - 1) * 4096 : root * 4096]
    assert page[0] == 5  # it lists other pages
    first = int.from_bytes(page[12:14])  # the place of the first entry: a page, and the last row in it
    child = bytes(page[first : first + 4])
    entries = 500
    page[3:5], page[5:7] = struct.pack(">H", entries), struct.pack(">H", 4096 - 5 * entries)
    page[8:12] = child
    for entry in range(entries):
        page[12 + 2 * entry : 14 + 2 * entry] = struct.pack(">H", 4091 - 5 * entry)
        page[4091 - 5 * entry : 4096 - 5 * entry] = child + bytes([min(entry // 4, 127)])
    path.write_bytes(content)
    is_no_trap(reader, way, file, path, row)


@pytest.mark.parametrize("first", ["", "," * 784 + "\n"], ids=["a list", "a table"])
@pytest.mark.parametrize("line", ["x\n", "1,\n", ","])
def test_a_list_of_nothing(honest: Files, reader: Reader, tmp_path: Path, row: Row, first: str, line: str) -> None:
    way, file = honest["strokes"]
    path = tmp_path / "labels.csv"
    path.write_text(first + line * (2 * MIB // len(line)))
    is_no_trap(reader, way, file, path, row)
