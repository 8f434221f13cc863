"""The user's handwriting: drawings and their true digits, in an SQLite file.

Any number of sessions, threads and processes may use the file at once: every call opens its own connection, writers
wait for each other, and a write-ahead log lets readers continue meanwhile. When `keep` returns, the drawing is on disk.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime

import numpy as np
from numpy.typing import NDArray

FILE = "handwriting.sqlite"  # in the project's folder
APPLICATION_ID = 0x48414E44  # "HAND", stored in the file: distinguishes it from SQLite files of other programs
SCHEMA = 1
TIMEOUT = 30  # seconds that a writer waits for other writers

MOST_DRAWINGS = 5_000  # per file
MOST_STROKES = 100
MOST_POINTS = 20_000  # per drawing, in all strokes together
LARGEST = 1e6  # absolute value of a coordinate
LONGEST = 200  # characters of a text
LARGEST_VALUE = 8 * MOST_POINTS + 1000  # bytes of one value: the points of a drawing, and what SQLite adds to a row

TABLE = """
CREATE TABLE IF NOT EXISTS drawings (
    key TEXT PRIMARY KEY,
    points BLOB NOT NULL,       -- float32, little-endian: x and y of the points of all strokes
    lengths BLOB NOT NULL,      -- int32, little-endian: the number of points of each stroke
    image BLOB NOT NULL CHECK (length(image) = 784),
    answer INTEGER CHECK (answer BETWEEN 0 AND 9),  -- NULL: non-digit
    truth INTEGER CHECK (truth BETWEEN 0 AND 9),
    weights TEXT NOT NULL,
    created TEXT NOT NULL
)
"""
ENTRIES = [("table", "drawings"), ("index", "sqlite_autoindex_drawings_1")]  # the list of contents of the file
COLUMNS = "key, points, lengths, image, answer, truth, weights, created"
INSERT = f"INSERT INTO drawings ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO"


class HandwritingError(ValueError):
    """A drawing or the handwriting file is invalid; the message names the cause and the cure."""


def now() -> str:
    """The current time in ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawing, the network's answer, and the true digit. The constructor validates all of it.

    Attributes:
        key: identifies the drawing: storing it again corrects its truth.
        strokes: arrays `(k, 2)` of points, x to the right, y down, in any unit; empty for an uploaded image.
        image: uint8 `(28, 28)`, the network's input.
        answer: the digit that was read; None if the network read a non-digit.
        truth: the true digit; None for a non-digit.
        weights: the path of the weights file that read it.
        created: date and time in ISO 8601.

    Raises:
        HandwritingError: an attribute is invalid, a coordinate is not finite, or the drawing is too large.
    """

    key: str
    strokes: list[NDArray[np.float64]]
    image: NDArray[np.uint8]
    answer: int | None
    truth: int | None
    weights: str
    created: str = field(default_factory=now)

    def __post_init__(self) -> None:
        texts = (self.key, self.weights, self.created)
        if not self.key or not all(isinstance(text, str) and len(text) <= LONGEST for text in texts):
            raise HandwritingError(f"a drawing's key, weights and date must be texts of up to {LONGEST} characters")
        if any("\ud800" <= character <= "\udfff" for text in texts for character in text):  # no text: a part of one
            raise HandwritingError("a drawing's key, weights and date must be valid Unicode: rename the weights file")
        if not is_date(self.created):
            raise HandwritingError(f"a drawing's date must look like {now()}, not {self.created}")
        if not all(digit is None or digit in range(10) for digit in (self.answer, self.truth)):
            raise HandwritingError("a drawing's answer and truth must be digits from 0 to 9, or None")
        if (self.image.dtype, self.image.shape) != (np.uint8, (28, 28)):
            raise HandwritingError(
                f"a drawing's image must be uint8 (28, 28), not {self.image.dtype} {self.image.shape}"
            )
        if len(self.strokes) > MOST_STROKES or sum(map(len, self.strokes)) > MOST_POINTS:
            raise HandwritingError(
                f"a drawing may have at most {MOST_STROKES} strokes and {MOST_POINTS:,} points: draw less"
            )
        if not all(stroke.ndim == 2 and stroke.shape[1] == 2 for stroke in self.strokes):
            raise HandwritingError("a drawing's strokes must be arrays (k, 2)")
        if not all((np.abs(stroke) <= LARGEST).all() for stroke in self.strokes):
            raise HandwritingError("a drawing has a point that is not finite or more than a million units away")


class Handwriting:
    """The drawings in an SQLite file, which is created if it does not exist.

    Raises:
        HandwritingError: by the constructor and every method, if the file belongs to another program, has a newer
            version, is damaged, or cannot be written. It is not changed then.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        with self._connection():
            pass

    def keep(self, drawing: Drawing) -> None:
        """Store a drawing. If its key is already stored, only its truth is updated."""
        self._insert([drawing], "UPDATE SET truth = excluded.truth")

    def keep_missing(self, drawings: Iterable[Drawing]) -> int:
        """Store the drawings whose keys are new: all of them, or none if there is an error. Returns their number."""
        return self._insert(drawings, "NOTHING")

    def drawings(self) -> list[Drawing]:
        """All drawings, in the order in which they were first stored."""
        drawings: list[Drawing] = []
        with self._connection() as connection:
            connection.execute("BEGIN")  # so that the size and the drawings belong to the same moment
            (left,) = connection.execute(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            ).fetchone()
            try:
                for row in connection.execute(f"SELECT {COLUMNS} FROM drawings ORDER BY rowid"):
                    left -= sum(map(len, row[1:4]))
                    if left < 0:  # a damaged file may refer to the same drawing any number of times
                        raise ValueError("it holds more than its size")
                    drawings.append(from_row(row))
            except (TypeError, ValueError) as error:
                raise HandwritingError(
                    f"{self.path} is damaged ({error}): move it away, and import an exported file"
                ) from None
        return drawings

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the drawings with these keys; unknown keys are ignored."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM drawings WHERE key = ?", [(key,) for key in keys])
            connection.execute("COMMIT")

    def count(self) -> int:
        """The number of drawings."""
        with self._connection() as connection:
            return connection.execute("SELECT count(*) FROM drawings").fetchone()[0]

    def _insert(self, drawings: Iterable[Drawing], on_conflict: str) -> int:
        rows = [to_row(drawing) for drawing in drawings]
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            (before,) = connection.execute("SELECT count(*) FROM drawings").fetchone()
            connection.executemany(f"{INSERT} {on_conflict}", rows)
            (after,) = connection.execute("SELECT count(*) FROM drawings").fetchone()
            if after > max(before, MOST_DRAWINGS):
                raise HandwritingError(f"{self.path} can hold {MOST_DRAWINGS:,} drawings: delete some first")
            connection.execute("COMMIT")
        return after - before

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one call. A transaction that is not committed is rolled back when it closes."""
        try:
            with closing(sqlite3.connect(self.path, timeout=TIMEOUT, isolation_level=None)) as connection:
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
                self._prepare(connection)
                yield connection
        except sqlite3.OperationalError as error:
            raise HandwritingError(
                f"{self.path} cannot be used ({error}): make sure that the disk has space and the folder is writable"
            ) from None
        except sqlite3.DatabaseError as error:
            raise HandwritingError(
                f"{self.path} is damaged or not a handwriting file ({error}): move it away, and import an exported file"
            ) from None

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Check that the file is ours, and create the table if the file is empty."""
        connection.execute("BEGIN")  # so that all three values belong to the same moment
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        entries = connection.execute("SELECT type, name FROM sqlite_master LIMIT 3").fetchall()
        connection.execute("COMMIT")
        if (application_id, schema, entries) != (0, 0, []):
            if application_id != APPLICATION_ID:
                raise HandwritingError(f"{self.path} belongs to another program: move it away, or choose another file")
            if schema > SCHEMA:
                raise HandwritingError(f"{self.path} is from a newer version of this program: update the program")
            if entries != ENTRIES:  # a view can give rows without end
                raise HandwritingError(f"{self.path} is damaged: move it away, and import an exported file")
        with suppress(sqlite3.OperationalError):  # another connection is setting it at the same moment
            connection.execute("PRAGMA journal_mode = WAL")
        if application_id != APPLICATION_ID:
            connection.executescript(
                f"BEGIN IMMEDIATE; {TABLE}; PRAGMA application_id = {APPLICATION_ID}; "
                f"PRAGMA user_version = {SCHEMA}; COMMIT"
            )


def is_date(text: str) -> bool:
    """Whether the text is a date and time in ISO 8601, of a year that exists in every time zone."""
    try:
        return MINYEAR < datetime.fromisoformat(text).year < MAXYEAR
    except ValueError:
        return False


def to_row(drawing: Drawing) -> tuple[object, ...]:
    """A drawing as the values of `COLUMNS`."""
    points = np.concatenate([np.empty((0, 2)), *drawing.strokes]).astype("<f4")
    lengths = np.array([len(stroke) for stroke in drawing.strokes], "<i4")
    digits = (None if digit is None else int(digit) for digit in (drawing.answer, drawing.truth))
    arrays = (points.tobytes(), lengths.tobytes(), drawing.image.tobytes())
    return (drawing.key, *arrays, *digits, drawing.weights, drawing.created)


def from_row(row: tuple[str, bytes, bytes, bytes, int | None, int | None, str, str]) -> Drawing:
    """The inverse of `to_row`; points are rounded to float32.

    Raises:
        ValueError: the row is inconsistent.
    """
    key, points, lengths, image, answer, truth, weights, created = row
    counts, all_points = np.frombuffer(lengths, "<i4"), np.frombuffer(points, "<f4").reshape(-1, 2)
    if (counts < 0).any() or counts.sum(dtype=np.int64) != len(all_points):
        raise ValueError("a drawing has more or fewer points than its strokes")
    strokes = np.split(all_points.astype(np.float64), np.cumsum(counts))[:-1]
    picture = np.frombuffer(image, np.uint8).reshape(28, 28)
    return Drawing(key, strokes, picture, answer, truth, weights, created)
