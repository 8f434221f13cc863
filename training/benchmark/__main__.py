"""Measure this project against other libraries and the article's algorithm: `python -m training.benchmark`."""

import json
import sys
from dataclasses import asdict

from model.files import write_whole

from ..cli import Parser, positive
from ..files import RUNS
from ..parallel.network import usable_cores
from .comparison import MODES, Settings
from .machine import facts
from .rows import ROWS
from .table import line, report, sentence

FOLDER = RUNS / "benchmark"
OPTIONAL = "Libraries that are not installed are left out. JAX and Keras are optional: pip install jax keras."


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = Parser(prog="python -m training.benchmark", description="Compare speed and memory.", epilog=OPTIONAL)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="what to measure (default: all)")
    parser.add_argument("--rounds", type=positive, default=7, help="repetitions (default: %(default)s)")
    parser.add_argument("--threads", type=positive, default=usable_cores(), help="default: the cores, %(default)s")
    parser.add_argument("--smoke", action="store_true", help="a quick check: one round, without torch.compile")
    options = parser.parse_args(arguments)
    modes = tuple(mode for mode in MODES if not (options.smoke and "compile" in mode))
    settings = Settings(1 if options.smoke else options.rounds, options.threads, modes, FOLDER)
    machine = facts(settings.threads, settings.rounds)
    print(sentence(machine))
    rows = []
    for name in options.rows:
        for row in ROWS[name](settings):
            print(line(row), flush=True)
            rows.append(row)
    text = report(machine, rows)
    write_whole(FOLDER / "benchmark.md", text)
    results = {"machine": machine, "rows": [{**asdict(row), "met": row.met} for row in rows]}
    write_whole(FOLDER / "benchmark.json", json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(f"\n{text}\nWritten to {FOLDER}/benchmark.md and benchmark.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
