"""A component that leads from the menu to the page: by the Tab key, and on a phone, where the menu covers the page, by
closing it once a page has been chosen. It shows nothing."""

from pathlib import Path

from app.components.load import load_component

_MENU = load_component(Path(__file__).parent, "menu")


def lead_to_page() -> None:
    _MENU(key="menu")
