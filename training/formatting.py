"""Number formats that all reports share."""

from typing import Any


def readable(name: object) -> str:
    """The name of a file as text that can be written anywhere: it may be invalid Unicode."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def percent(share: float | None) -> str:
    """0.99123 → "99.12 %", None → "–"."""
    return "–" if share is None else f"{100 * share:.2f} %"


def whole_percent(share: float) -> str:
    """0.7512 → "75 %", but never "100 %": 0.998 → "over 99 %"."""
    return "over 99 %" if share >= 0.995 else f"{100 * share:.0f} %"


def decimal(value: Any) -> str:
    """3.14159 → "3.14", None → "–"; whole numbers and text unchanged."""
    if value is None:
        return "–"
    return f"{value:,.3g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """4.2 → "4 s", 75 → "1 min 15 s", 7500 → "2 h 5 min"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
