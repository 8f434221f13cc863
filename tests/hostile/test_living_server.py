"""A running app gets hostile drawings and pictures, one after the other, and continues to work."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.drawings import DIGITS
from tests.hostile.conftest import TORTURE
from tests.hostile.test_hostile_messages import message
from tests.hostile.test_hostile_pictures import KINDS
from tests.hostile.visitor import Visitor, visiting
from tests.running_app import app_process, copy_project, memory

COUNT = 150 if TORTURE else 10
SEVEN = [[(int(10 * x), int(10 * y)) for x, y in stroke] for stroke in DIGITS[7]]
ODD_JSON = ("null", "7", "[]", '{"drawing": NaN}', '{"drawing": 1e999}', '{"revision": 1}')
NO_JSON = ("", "{", '"text"', "[" * 100_000, '{"drawing":' * 50_000)


def as_text(seed: int) -> str:
    """A hostile message as JSON; where it is none, its words."""
    drawing = message(np.random.default_rng(seed))
    try:
        return json.dumps({"drawing": drawing}, default=repr)
    except (RecursionError, ValueError):
        return json.dumps({"drawing": "[" * 5000})


async def reads_a_seven(visitor: Visitor) -> bool:
    reading, _ = await visitor.draw(SEVEN)
    return reading.words == "7"


async def harass(url: str, process: int) -> tuple[int, int]:
    """The server's memory after a tenth of it all, and at the end."""
    async with visiting(url) as visitor, visiting(url) as bystander:
        assert await reads_a_seven(visitor)
        early = 0
        for text in ODD_JSON:
            await visitor.show_anything(text)
        for seed in range(COUNT):
            await visitor.show_anything(as_text(seed))
            content = KINDS[seed % len(KINDS)](np.random.default_rng(seed))
            await visitor.show_picture(content)
            if seed == COUNT // 10:
                early = memory(process)
        assert await reads_a_seven(visitor)
        assert await reads_a_seven(bystander)
        return early, memory(process)


@pytest.mark.slow
def test_the_server_survives_hostile_drawings_and_pictures(tmp_path: Path, row: Callable[[str, str], None]) -> None:
    project = copy_project(tmp_path)
    with app_process(project) as (url, process):
        early, end = asyncio.run(harass(url, process))
    assert "Traceback" not in (project / "log.txt").read_text()
    assert end < early + 60
    row(
        f"{COUNT} hostile drawings and {COUNT} hostile pictures to a running app",
        f"it still reads a 7; no errors in its log; memory {early} MB after a tenth of them, {end} MB at the end",
    )


async def break_sessions(url: str) -> bool:
    """Whether one session still works while others break their own."""
    async with visiting(url) as bystander:
        for text in NO_JSON:
            async with visiting(url) as visitor:
                await visitor.send_anything(text)
                if not await reads_a_seven(bystander):
                    return False
    return True


def test_invalid_json_breaks_only_the_session_that_sends_it(tmp_path: Path) -> None:
    """Streamlit reads it before any page of ours does, and gives that session up."""
    with app_process(copy_project(tmp_path)) as (url, _):  # of its own: the log of the others' holds no traceback
        assert asyncio.run(break_sessions(url))
