"""The user's own handwriting: drawings and the digits they were meant as, kept in an SQLite file.

Any number of sessions, threads and processes may use the file at once: every call has a connection of its own, writers
wait for each other, and a write-ahead log lets readers go on meanwhile. What `keep` has returned from is on the disk.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

FILE = "handwriting.sqlite"  # in the project's folder: where the app keeps it
KIND = 0x48414E44  # "HAND": SQLite keeps it in the file, so that no other program's file is taken for ours
SCHEMA = 1
PATIENCE = 30  # seconds that a writer waits for the others

MOST_DRAWINGS = 5_000  # in a file
MOST_STROKES = 100
MOST_POINTS = 20_000  # in all strokes of a drawing together
LARGEST = 1e6  # coordinate, either way
LONGEST = 200  # letters of a text

TABLE = """
CREATE TABLE IF NOT EXISTS drawings (
    key TEXT PRIMARY KEY,
    points BLOB NOT NULL,       -- float32, little-endian: x and y of all strokes' points
    lengths BLOB NOT NULL,      -- int32, little-endian: how many points each stroke has
    image BLOB NOT NULL CHECK (length(image) = 784),
    answer INTEGER CHECK (answer BETWEEN 0 AND 9),  -- NULL: no digit
    truth INTEGER CHECK (truth BETWEEN 0 AND 9),
    weights TEXT NOT NULL,
    created TEXT NOT NULL
)
"""
COLUMNS = "key, points, lengths, image, answer, truth, weights, created"
INSERT = f"INSERT INTO drawings ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO"


class HandwritingError(ValueError):
    """A drawing, or the file it is to be kept in, is not what it should be; the message says why and what helps."""


def now() -> str:
    """The time to the second, as in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, eq=False)
class Drawing:
    """What somebody drew, what was read in it, and what it was meant as. One that exists is whole: it checks itself.

    Attributes:
        key: names the drawing, so that keeping it again corrects it.
        strokes: arrays `(k, 2)` of points, x to the right, y down, in any unit; none where a picture was uploaded.
        image: uint8 `(28, 28)`, the picture that the network saw.
        answer: the digit that was read; None where no digit was.
        truth: the digit that it was meant as; None where it was meant as none.
        weights: the name of the weights that read it.
        created: ISO 8601.

    Raises:
        HandwritingError: a part has another form, a coordinate is not finite, or there is more than anyone draws.
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
            raise HandwritingError(f"a drawing's key, weights and date are texts of up to {LONGEST} letters")
        if not is_date(self.created):
            raise HandwritingError(f"a drawing's date is written as {now()}, not as {self.created}")
        if not all(digit is None or digit in range(10) for digit in (self.answer, self.truth)):
            raise HandwritingError("a drawing's answer and truth are digits from 0 to 9, or None")
        if (self.image.dtype, self.image.shape) != (np.uint8, (28, 28)):
            raise HandwritingError(f"a drawing's picture is uint8 (28, 28), not {self.image.dtype} {self.image.shape}")
        if len(self.strokes) > MOST_STROKES or sum(map(len, self.strokes)) > MOST_POINTS:
            raise HandwritingError(
                f"a drawing has at most {MOST_STROKES} strokes and {MOST_POINTS:,} points: draw less"
            )
        if not all(stroke.ndim == 2 and stroke.shape[1] == 2 for stroke in self.strokes):
            raise HandwritingError("a drawing's strokes are arrays (k, 2)")
        if not all((np.abs(stroke) <= LARGEST).all() for stroke in self.strokes):
            raise HandwritingError("a drawing has a point that is not finite, or a million units away")


class Handwriting:
    """The drawings in an SQLite file, which is made where there is none.

    Raises:
        HandwritingError: from here and from every method, where the file is not one of ours, is of a newer version,
            damaged, or cannot be written. It is left as it is.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        with self._connection():
            pass

    def keep(self, drawing: Drawing) -> None:
        """Store a drawing. Where its key is known already, what it was meant as is corrected, and nothing else."""
        self._insert([drawing], "UPDATE SET truth = excluded.truth")

    def keep_missing(self, drawings: Iterable[Drawing]) -> int:
        """Store those of which the key is not known yet, all of them or, on an error, none; how many they were."""
        return self._insert(drawings, "NOTHING")

    def drawings(self) -> list[Drawing]:
        """All drawings, in the order in which they were first kept."""
        with self._connection() as connection:
            rows = connection.execute(f"SELECT {COLUMNS} FROM drawings ORDER BY rowid").fetchall()
        try:
            return [from_row(row) for row in rows]
        except (TypeError, ValueError) as error:
            raise HandwritingError(f"{self.path} is damaged ({error}): move it away, and import an export") from None

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the drawings of these keys; a key that is not there is passed over."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM drawings WHERE key = ?", [(key,) for key in keys])
            connection.execute("COMMIT")

    def count(self) -> int:
        """How many drawings there are."""
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
        """A connection for one call. What it began and did not commit is undone when it closes."""
        try:
            with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as connection:
                self._prepare(connection)
                yield connection
        except sqlite3.OperationalError as error:
            raise HandwritingError(
                f"{self.path} cannot be used ({error}): see that its disk has space and its folder can be written"
            ) from None
        except sqlite3.DatabaseError as error:
            raise HandwritingError(
                f"{self.path} is damaged or no handwriting file ({error}): move it away, and import an export"
            ) from None

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """See that the file is ours, and make one of ours of an empty one."""
        connection.execute("BEGIN")  # so that the three are of one moment
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        empty = connection.execute("SELECT * FROM sqlite_master").fetchone() is None
        connection.execute("COMMIT")
        if (kind, schema, empty) != (0, 0, True):
            if kind != KIND:
                raise HandwritingError(f"{self.path} is another program's file: move it away, or name another")
            if schema > SCHEMA:
                raise HandwritingError(f"{self.path} is from a newer version of this program: update the program")
        with suppress(sqlite3.OperationalError):  # another connection is setting it in this very moment
            connection.execute("PRAGMA journal_mode = WAL")
        if kind != KIND:
            connection.executescript(
                f"BEGIN IMMEDIATE; {TABLE}; PRAGMA application_id = {KIND}; PRAGMA user_version = {SCHEMA}; COMMIT"
            )


def is_date(text: str) -> bool:
    """Whether it is a date and time as in ISO 8601."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def to_row(drawing: Drawing) -> tuple[object, ...]:
    """The values of `COLUMNS`."""
    points = np.concatenate([np.empty((0, 2)), *drawing.strokes]).astype("<f4")
    lengths = np.array([len(stroke) for stroke in drawing.strokes], "<i4")
    digits = (None if digit is None else int(digit) for digit in (drawing.answer, drawing.truth))
    arrays = (points.tobytes(), lengths.tobytes(), drawing.image.tobytes())
    return (drawing.key, *arrays, *digits, drawing.weights, drawing.created)


def from_row(row: tuple[str, bytes, bytes, bytes, int | None, int | None, str, str]) -> Drawing:
    """The drawing that `to_row` was given, its points rounded to float32.

    Raises:
        ValueError: the bytes do not fit together.
    """
    key, points, lengths, image, answer, truth, weights, created = row
    ends = np.cumsum(np.frombuffer(lengths, "<i4"))
    strokes = np.split(np.frombuffer(points, "<f4").reshape(-1, 2).astype(np.float64), ends)
    if len(strokes.pop()):
        raise ValueError("a drawing has points that belong to no stroke")
    picture = np.frombuffer(image, np.uint8).reshape(28, 28)
    return Drawing(key, strokes, picture, answer, truth, weights, created)
