"""How long a crowd waits for its readings: `python -m tests.hostile.waits --visitors 100 --processes 2`.

The visitors need no browsers, but they compute on the same cores as the app.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile.crowd import Diary, Habits, check_readings, check_store, crowd, summary
from tests.running_app import app_process, copy_project
from tests.running_nginx import NoNginx, behind_nginx
from training.cli import Parser, positive


def main() -> int:
    parser = Parser(prog="python -m tests.hostile.waits", description="How long many visitors wait for their readings.")
    parser.add_argument("--visitors", type=positive, default=50, help="default: %(default)s")
    parser.add_argument("--seconds", type=positive, default=120, help="default: %(default)s")
    parser.add_argument("--processes", type=positive, default=1, help="several are behind nginx (default: %(default)s)")
    options = parser.parse_args()
    diaries = [Diary() for _ in range(options.visitors)]
    with TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        try:
            visit(project, options.processes, Habits(options.seconds), diaries)
        except NoNginx as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        check_store(project, diaries)
        check_readings(project, diaries)
    print(f"{options.visitors} visitors, {options.seconds} s, {options.processes} processes: {summary(diaries)}")
    return 0


def visit(project: Path, processes: int, habits: Habits, diaries: list[Diary]) -> None:
    if processes == 1:
        with app_process(project) as (url, process):
            asyncio.run(crowd(url, [process], habits, diaries))
    else:
        with behind_nginx(project, processes) as front:
            asyncio.run(crowd(front.url, front.processes, habits, diaries))


if __name__ == "__main__":
    sys.exit(main())
