"""The accuracy report as an HTML page, and as text for the terminal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..formatting import decimal, percent
from ..pictures import data_url
from ..templates import Filters, template
from .report_file import Report, unread_lines
from .report_plots import DARK, LIGHT, Theme, answering_plot, calibration_plot, confusion_plot, history_plot

TEMPLATE = Path(__file__).with_name("report.html.j2")
THEMES = {"light": LIGHT, "dark": DARK}
PLOTS: dict[str, Callable[[Any, Theme], bytes]] = {
    "answering": answering_plot,
    "confusion": confusion_plot,
    "calibration": calibration_plot,
    "history": history_plot,
}


def page(report: Report) -> str:
    """The report as a single HTML file that contains its images."""
    pictures = {
        name: {theme: data_url(plot(getattr(report, name), colours)) for theme, colours in THEMES.items()}
        for name, plot in PLOTS.items()
        if getattr(report, name)
    }
    filters: Filters = {"percent": percent, "decimal": decimal, "data_url": data_url}
    return template(TEMPLATE, filters).render(
        report=report, unread=unread_lines(report), pictures=pictures, themes=THEMES
    )


def terminal_table(report: Report) -> str:
    """A summary of the report for the terminal."""
    low, high = report.accuracy_interval
    answers = report.answering
    pairs = ", ".join(f"{pair.truth} as {pair.answer} ({pair.images})" for pair in report.confused_pairs[:5])
    lines = [
        f"weights      {report.weights}, {report.parameters:,} parameters",
        f"test set     {report.about_dataset}",
        f"accuracy     {percent(report.accuracy)}, 95 % interval {percent(low)} to {percent(high)}",
        f"             {report.correct:,} of {report.images:,} right, {report.blank:,} without ink",
        f"in the app   {answers.right:,} right, {answers.wrong:,} wrong, {answers.unsure:,} unsure, "
        f"{answers.refused:,} refused; of the answers, {percent(answers.accuracy)} right",
        f"calibration  expected error {percent(report.calibration_error)}",
        f"speed        {decimal(report.seconds_per_10000)} s for 10,000 images",
        f"confused     {pairs or 'nothing'}",
        "",
        "digit  images  precision   recall       F1",
    ]
    for row in report.digits:
        scores = "".join(f"{percent(share):>9}" for share in (row.precision, row.recall, row.f1))
        lines.append(f"{row.digit:>5}{row.images:>8}  {scores}")
    if report.unread:
        lines += ["", f"not measured, because they could not be read: {len(report.unread):,}", *unread_lines(report)]
    return "\n".join(lines)
