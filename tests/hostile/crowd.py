"""Many people at once draw, correct and switch weights. The checks: each gets the answer to their own drawing, and all
that they keep is kept, once.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from app.components.truth_buttons import TRUTHS, UNDO
from app.texts.reading import drawing_key, explanation, headline
from data.handwriting import FILE, Handwriting
from model.classifier import DigitClassifier
from tests.drawings import scrawl
from tests.hostile.visitor import Reading, Strokes, Visitor, visiting
from tests.running_app import memory
from training.recognition.drawing import read_drawing

WARM_UP = 0.2  # share of the time, after which memory must stay
GLANCE = (1.0, 3.0)  # seconds from a reading to the next stroke: with the strokes themselves, a drawing in 2 to 4 s


@dataclass(frozen=True)
class Habits:
    """What each visitor does, and how often."""

    seconds: float
    corrected: float = 0.25  # share of the drawings
    taken_back: float = 0.1  # of the corrections
    switched: float = 0.1  # of the drawings


@dataclass
class Diary:
    """What happened to one visitor."""

    readings: list[tuple[Strokes, str, Reading]] = field(default_factory=list)  # strokes, weights, what was shown
    waits: list[float] = field(default_factory=list)  # seconds from pen-up to the reading
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → truth and weights, for what is to be stored
    corrections: int = 0
    problems: list[str] = field(default_factory=list)


async def visit(visitor: Visitor, seed: int, habits: Habits, diary: Diary) -> None:
    """Keep drawing; sometimes correct a digit or switch the network."""
    rng = np.random.default_rng(seed)
    weights = visitor.chosen
    until = time.monotonic() + habits.seconds
    await asyncio.sleep(rng.uniform(*GLANCE))  # nobody begins at the same moment
    while time.monotonic() < until:
        strokes = scrawl(rng)
        reading, wait = await visitor.draw(strokes)
        diary.readings.append((strokes, weights, reading))
        diary.waits.append(wait)
        diary.problems += visitor.problems
        await asyncio.sleep(rng.uniform(*GLANCE))
        if rng.random() < habits.corrected:
            await correct(visitor, weights, rng, habits.taken_back, diary)
        if rng.random() < habits.switched:
            weights = str(rng.choice(visitor.weights))
            diary.readings.append((strokes, weights, await visitor.choose(weights)))


async def correct(visitor: Visitor, weights: str, rng: np.random.Generator, taken_back: float, diary: Diary) -> None:
    """Correct the digit, then perhaps undo it."""
    assert visitor.reading is not None
    key = visitor.reading.key
    assert key is not None
    truth = str(rng.choice(list(TRUTHS)))
    reading = await visitor.tap(key, truth)
    diary.corrections += 1
    if (reading.key, reading.truth) != (key, truth):
        diary.problems.append(f"{truth} was tapped, and {reading.truth} is shown as kept")
    _, first_weights = diary.kept.get(key, ("", weights))
    diary.kept[key] = truth, first_weights
    if rng.random() < taken_back:
        reading = await visitor.tap(key, UNDO)
        del diary.kept[key]
        if reading.truth is not None:
            diary.problems.append("what was taken back is shown as kept")


def check_readings(project: Path, diaries: list[Diary]) -> None:
    """Every reading equals the classifier's own reading of the same strokes."""
    files = (project / "model" / "pretrained").glob("*.npz")
    classifiers = {file.relative_to(project).as_posix(): DigitClassifier.load(file) for file in files}
    with threadpool_limits(1, user_api="blas"):  # as in the app: the order of sums is the same
        for strokes, weights, reading in (reading for diary in diaries for reading in diary.readings):
            digits = read_drawing(classifiers[weights_name(weights)], [np.array(stroke, float) for stroke in strokes])
            assert (reading.words, reading.lines) == (headline(digits), [headline(digits), *explanation(digits)])
            assert reading.key in [drawing_key(digit) for digit in digits]


def check_store(project: Path, diaries: list[Diary]) -> None:
    """The store contains exactly the visitors' corrections, each once."""
    assert [diary.problems for diary in diaries if diary.problems] == []
    stored = Handwriting(project / FILE).drawings()
    assert len(stored) == sum(len(diary.kept) for diary in diaries)
    assert {drawing.key: (drawing.truth, drawing.weights) for drawing in stored} == {
        key: (TRUTHS[truth], weights_name(weights)) for diary in diaries for key, (truth, weights) in diary.kept.items()
    }
    assert "Traceback" not in (project / "log.txt").read_text()


def weights_name(label: str) -> str:
    """ "pretrained/quick · mnist · 99.2 %" → "model/pretrained/quick.npz", as a drawing names its weights."""
    return f"model/{label.partition(' ')[0]}.npz"


async def crowd(url: str, processes: list[int], habits: Habits, diaries: list[Diary]) -> tuple[int, int]:
    """All visits at once; the memory of the app's processes, in MB, after the warm-up and at the end."""
    async with AsyncExitStack() as door, asyncio.TaskGroup() as visits:
        visitors = [await door.enter_async_context(visiting(url)) for _ in diaries]
        for seed, (visitor, diary) in enumerate(zip(visitors, diaries, strict=True)):
            visits.create_task(visit(visitor, seed, habits, diary))
        await asyncio.sleep(WARM_UP * habits.seconds)
        warm = sum(map(memory, processes))
        await asyncio.sleep((1 - WARM_UP) * habits.seconds)
        end = sum(map(memory, processes))
    return warm, end


def summary(diaries: list[Diary]) -> str:
    """What was read and corrected, and how long the readings took."""
    waits = np.concatenate([diary.waits for diary in diaries])
    median, most = np.percentile(waits, (50, 95))
    readings = sum(len(diary.readings) for diary in diaries)
    corrections = sum(diary.corrections for diary in diaries)
    return (
        f"{readings:,} readings, none wrong; {corrections:,} corrections, none lost or duplicated; from pen-up to "
        f"reading {median:.2f} s, p95 {most:.2f} s"
    )
