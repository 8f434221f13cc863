"""Measure this project against PyTorch, scikit-learn and the article's algorithm: `python -m training.benchmark`."""

import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict

from threadpoolctl import threadpool_info

from model.files import write_whole

from ..cli import Parser, positive
from ..files import RUNS
from ..parallel.network import usable_cores
from ..train import commit
from .growth import growth
from .measure import Spread, three_figures
from .rows import MODES, Row, Settings
from .rows import ROWS as COMPARISONS
from .winograd_border import winograd

FOLDER = RUNS / "benchmark"
ROWS = {**COMPARISONS, "growth": growth, "winograd": winograd}


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = Parser(prog="python -m training.benchmark", description="Compare speed and memory.")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="what to measure (default: all)")
    parser.add_argument("--rounds", type=positive, default=7, help="repetitions (default: %(default)s)")
    parser.add_argument("--threads", type=positive, default=usable_cores(), help="default: the cores, %(default)s")
    parser.add_argument("--smoke", action="store_true", help="a quick check: one round, without torch.compile")
    options = parser.parse_args(arguments)
    modes = tuple(mode for mode in MODES if not (options.smoke and "compile" in mode))
    settings = Settings(1 if options.smoke else options.rounds, options.threads, modes, FOLDER)
    machine = facts(settings)
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    rows = []
    for name in options.rows:
        for row in ROWS[name](settings):
            print(line(row), flush=True)
            rows.append(row)
    write_whole(FOLDER / "benchmark.md", table(rows))
    results = {"machine": machine, "rows": [{**asdict(row), "met": row.met} for row in rows]}
    write_whole(FOLDER / "benchmark.json", json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(f"\n{table(rows)}\nWritten to {FOLDER}/benchmark.md and benchmark.json")
    return 0


def facts(settings: Settings) -> dict[str, str]:
    """The facts about this machine that determine the speed."""
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    versions = {}
    for package in ("numpy", "scipy", "torch"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "commit": commit(),
        "machine": f"{platform.machine()} ({blas[0].get('architecture', 'unknown') if blas else 'unknown'} kernels)",
        "threads": str(settings.threads),
        "rounds": str(settings.rounds),
        "Python": platform.python_version(),
        **versions,
    }


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    head = "| | ours | compared with | ratio: median (lowest–highest) | target | |\n|---|---|---|---|---|---|\n"
    return head + "".join(f"{line(row)}\n" for row in rows)


def line(row: Row) -> str:
    verdict = {True: "met", False: "missed", None: ""}[row.met]
    target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {format_value(row.target, row.percent)}"
    measured = "not measured" if row.measured is None else format_spread(row.measured, row.percent)
    return f"| {row.name} | {row.ours} | {row.theirs} | {measured} | {target} | {verdict} |"


def format_spread(values: Spread, percent: bool) -> str:
    median, lowest, highest = (format_value(value, percent) for value in (values.median, values.lowest, values.highest))
    return f"{median} ({lowest}–{highest})"


def format_value(value: float, percent: bool) -> str:
    return f"{100 * value:.0f} %" if percent else three_figures(value) if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
