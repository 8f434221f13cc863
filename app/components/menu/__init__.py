"""On a phone the menu covers the page: a component that closes it once a page has been chosen. It shows nothing."""

from pathlib import Path

from app.components.load import load_component

_MENU = load_component(Path(__file__).parent, "menu")


def close_menu_after_choice() -> None:
    _MENU(key="menu")
