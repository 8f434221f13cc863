"""The colours of the charts, legible on white and on black, and distinguishable for colour-blind people."""

BLUE, RED, GREY = "#2b7bd0", "#d63a28", "#8b949e"
RUN_COLOURS = [BLUE, "#d9662c", "#2e9e6b", "#a55fc4", "#b8860b", GREY]


def rgb(colour: str) -> tuple[int, int, int]:
    """ "#2b7bd0" → (43, 123, 208)."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
