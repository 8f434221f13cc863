"""The results as Markdown."""

from collections.abc import Iterable

from .comparison import Row
from .measure import Spread, three_figures


def report(machine: dict[str, str], rows: Iterable[Row]) -> str:
    """A sentence about the machine, and the table."""
    return f"{sentence(machine)}.\n\n{table(rows)}"


def sentence(machine: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in machine.items())


def table(rows: Iterable[Row]) -> str:
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
