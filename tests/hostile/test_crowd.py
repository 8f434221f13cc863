"""Fifty people at once, and more of them in front of two processes behind nginx: nobody gets another's answer, and
nothing kept is lost.
"""

import asyncio
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hostile.conftest import TORTURE
from tests.hostile.crowd import Diary, Habits, check_readings, check_store, crowd, summary
from tests.hostile.uploading import put, token
from tests.hostile.visitor import cookies_of, visiting
from tests.running_app import app_process, copy_project
from tests.running_nginx import Front, NoNginx, behind_nginx

VISITORS, HABITS = (50, Habits(300)) if TORTURE else (5, Habits(6, corrected=0.7, taken_back=0.3, switched=0.7))
Row = Callable[[str, str], None]


@pytest.mark.slow
def test_everyone_gets_their_own_answer_and_nothing_kept_is_lost(tmp_path: Path, row: Row) -> None:
    project = copy_project(tmp_path)
    diaries = [Diary() for _ in range(VISITORS)]
    with app_process(project) as (url, process):
        warm, end = asyncio.run(crowd(url, [process], HABITS, diaries))
    check_store(project, diaries)
    check_readings(project, diaries)
    assert end < warm + 30 + VISITORS
    row(
        f"{VISITORS} people at once for {HABITS.seconds} s, who draw, pause for 1 to 3 s, correct every fourth digit, "
        "switch networks",
        f"{summary(diaries)} (target 1 s); memory {warm} MB after {HABITS.seconds / 5:.0f} s, {end} MB at the end",
    )


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Two processes of the app behind nginx. Without nginx the test is skipped, or fails in CI."""
    try:
        with behind_nginx(copy_project(tmp_path), processes=2) as front:
            yield front
    except NoNginx as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@pytest.mark.slow
def test_two_processes_behind_nginx_lose_nothing_and_mix_nothing_up(front: Front, tmp_path: Path, row: Row) -> None:
    diaries = [Diary() for _ in range(2 * VISITORS)]
    warm, end = asyncio.run(crowd(front.url, front.processes, HABITS, diaries))
    check_store(tmp_path, diaries)
    check_readings(tmp_path, diaries)
    assert end < warm + 60 + 2 * VISITORS
    row(
        f"{2 * VISITORS} people at once for {HABITS.seconds} s, as above, in front of two processes behind nginx",
        f"{summary(diaries)} (target 0.5 s)",
    )


@pytest.mark.slow
def test_each_browser_stays_with_one_process_and_goes_to_another_when_that_ends(front: Front) -> None:
    browsers = [cookies_of(front.url) for _ in range(20)]
    for _ in range(3):
        for cookies in browsers:
            cookies_of(front.url, cookies)
    served: dict[str, set[str]] = defaultdict(set)
    for cookie, process in re.findall(r"^(\S+) (127\.0\.0\.1:\d+) 200$", front.log.read_text(), re.MULTILINE):
        served[cookie].add(process)
    served.pop("-", None)  # requests that had no cookie yet
    assert len(served) == 20
    assert all(len(processes) == 1 for processes in served.values())
    assert len(set.union(*served.values())) == 2

    front.end_process(0)
    for cookies in browsers:
        assert cookies_of(front.url, cookies) == cookies


@pytest.mark.slow
def test_large_uploads_pass_and_reach_the_process_of_their_session(front: Front) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1700, 1700, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    assert 8e6 < len(file.getvalue()) < 10e6

    async def upload() -> None:
        async with visiting(front.url) as visitor:
            place = await visitor.place_to_upload()
            status = await asyncio.to_thread(
                put, front.url, place.upload_url, token(front.url), file.getvalue(), visitor.cookies
            )
            assert status == 204

    for _ in range(6):  # by chance, all would reach the right one of two processes once in 64 times
        asyncio.run(upload())
