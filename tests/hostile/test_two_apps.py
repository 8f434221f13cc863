"""Two servers on one handwriting file: both store, correct and delete at once, while a third process reads."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from app.components.truth_buttons import TRUTHS, UNDO
from data.handwriting import FILE, Handwriting
from tests.drawings import scrawl
from tests.hostile.conftest import TORTURE
from tests.hostile.visitor import Strokes, Visitor, visiting
from tests.running_app import app_process, copy_project

PAIRS, DRAWINGS = (10, 15) if TORTURE else (2, 4)
TAKEN_BACK = 0.3  # share of the drawings


async def draw_the_same(pair: list[Visitor], seed: int, settled: dict[str, int | None]) -> None:
    """A visitor of each server draws the very same and keeps it as something else; then one of them has the last word.

    Args:
        settled: what is in the file from now on, key → truth.
    """
    rng = np.random.default_rng(seed)
    for _ in range(DRAWINGS):
        strokes = scrawl(rng)
        key, same_key = [await shown(visitor, strokes) for visitor in pair]
        assert key == same_key
        first, second, last = (str(truth) for truth in rng.choice(list(TRUTHS), size=3))
        await asyncio.gather(pair[0].tap(key, first), pair[1].tap(key, second))
        if rng.random() < TAKEN_BACK:
            await pair[rng.integers(2)].tap(key, UNDO)
        else:
            await pair[rng.integers(2)].tap(key, last)
            settled[key] = TRUTHS[last]


async def shown(visitor: Visitor, strokes: Strokes) -> str:
    """Send a drawing; the key of the digit that the buttons are about."""
    await visitor.show(strokes)
    reading = await visitor.until(lambda reading: reading.revision == visitor.revision)
    assert reading.key is not None
    return reading.key


async def read_on(store: Handwriting, settled: dict[str, int | None], reads: list[int]) -> None:
    """Read the file again and again: whatever was settled before is there."""
    while True:
        before = dict(settled)
        found = await asyncio.to_thread(truths, store)
        assert before.items() <= found.items()
        reads.append(len(found))
        await asyncio.sleep(0.05)


def truths(store: Handwriting) -> dict[str, int | None]:
    drawings = store.drawings()
    found = {drawing.key: drawing.truth for drawing in drawings}
    assert len(found) == len(drawings)
    return found


async def draw_at_both(urls: list[str], store: Handwriting) -> tuple[dict[str, int | None], int]:
    """What is to be in the file at the end, and how often it was read meanwhile."""
    settled: dict[str, int | None] = {}
    reads: list[int] = []
    async with AsyncExitStack() as door:
        pairs = [[await door.enter_async_context(visiting(url)) for url in urls] for _ in range(PAIRS)]
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(read_on(store, settled, reads))
            drawers = [tasks.create_task(draw_the_same(pair, seed, settled)) for seed, pair in enumerate(pairs)]
            await asyncio.gather(*drawers)
            reader.cancel()
    return settled, len(reads)


@pytest.mark.slow
def test_two_apps_on_one_file_lose_and_duplicate_nothing(tmp_path: Path, row: Callable[[str, str], None]) -> None:
    project = copy_project(tmp_path)
    store = Handwriting(project / FILE)
    with app_process(project) as (url, _), app_process(project) as (other_url, _):
        settled, reads = asyncio.run(draw_at_both([url, other_url], store))
    assert truths(store) == settled
    assert "Traceback" not in (project / "log.txt").read_text()
    row(
        "two apps on one handwriting file, which store, correct and delete the same drawings at once",
        f"{PAIRS * DRAWINGS * 3:,} taps, read {reads:,} times meanwhile: nothing lost, nothing duplicated",
    )
