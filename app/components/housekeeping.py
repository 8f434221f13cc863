"""The buttons that rename and delete a run or a fine-tuning, each with a second step, and never one that is trained."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.components import weights_picker
from app.components.weights_picker import escaped
from training.files import RUNS
from training.runs import housekeeping
from training.runs.run import RunError

PROBLEM = "housekeeping_problem"


def rename_and_delete(name: str, shown: str, may_rename: bool = True) -> None:
    """The buttons for `runs/<name>`, which is at rest. `shown` is the key of the list in which it is chosen."""
    with st.container(horizontal=True):
        if may_rename:
            with st.popover("Rename"):
                key = f"new name of {name}"
                st.text_input("New name", name, max_chars=64, key=key)
                if st.button(f"Rename {escaped(name)}", type="primary", on_click=rename, args=(name, key, shown)):
                    st.rerun()  # the list of networks may be outside the fragment in which this button stands
        with st.popover("Delete"):
            st.markdown(escaped(f"This deletes {name} with its weights, curves and reports. It cannot be undone."))
            if st.button(f"Yes, delete {escaped(name)}", type="primary", on_click=delete, args=(name, shown)):
                st.rerun()


def show_problem() -> None:
    """Why the last renaming or deletion failed, if it did."""
    if problem := st.session_state.get(PROBLEM):
        st.error(escaped(problem))


def runs() -> Path:
    return weights_picker.ROOT / RUNS


def rename(name: str, key: str, shown: str) -> None:
    new_name = st.session_state[key]
    if done(lambda: housekeeping.rename(runs(), name, new_name), f"Renaming {name}"):
        st.session_state[shown] = new_name
        if st.session_state.get("weights") == runs() / name / "weights.npz":
            st.session_state["weights"] = runs() / new_name / "weights.npz"


def delete(name: str, shown: str) -> None:
    if done(lambda: housekeeping.delete(runs(), name), f"Deleting {name}"):
        st.session_state.pop(shown, None)


def done(action: Callable[[], None], doing: str) -> bool:
    """Perform the action; returns whether it succeeded, and keeps the reason otherwise."""
    st.session_state.pop(PROBLEM, None)
    try:
        action()
    except (RunError, OSError) as error:
        st.session_state[PROBLEM] = f"{doing} failed: {error}."
    return PROBLEM not in st.session_state
