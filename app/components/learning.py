"""Learning the user's handwriting: the button that starts a fine-tuning, and the fine-tunings with their results."""

from pathlib import Path

import streamlit as st

from app.components import weights_picker
from app.components.housekeeping import rename_and_delete, show_problem
from app.components.weights_picker import escaped, name_of, offer
from data.handwriting import Drawing
from model.classifier import DigitClassifier
from training.files import RUNS
from training.runs import fine_tunings
from training.runs.fine_tunings import FineTuning, FineTuningResult, RightBeforeAndAfter, list_fine_tunings
from training.runs.run import RunError, being_trained


def show_learning(classifier: DigitClassifier | None, drawings: list[Drawing], watching: bool) -> None:
    """The button that starts a fine-tuning, and the progress or the result of the last one."""
    st.header("Learn my handwriting")
    dataset = "MNIST" if classifier is None else escaped(str(classifier.header.get("dataset", "MNIST")).upper())
    st.write(
        "The chosen network is trained further for about a minute, on your digits mixed with its own training images. "
        f"The new network is kept only if its {dataset} accuracy falls by at most 0.1 points. "
        "Non-digits are not learned."
    )
    busy = being_trained(weights_picker.ROOT / RUNS)
    if watching and not busy:
        st.rerun()  # the whole page, with the new weights in the list
    to_learn = any(drawing.truth is not None for drawing in drawings)
    if st.button("Learn my digits", type="primary", disabled=bool(busy) or not to_learn or classifier is None):
        start()
    by_name = {fine_tuning.folder.name: fine_tuning for fine_tuning in list_fine_tunings(weights_picker.ROOT / RUNS)}
    if busy and busy not in by_name:
        st.caption(escaped(f"{busy} is being trained: wait for it, or stop it on the Train page."))
    show_problem()
    if by_name:
        if st.session_state.get("fine_tuning") not in by_name:
            st.session_state.pop("fine_tuning", None)
        show_fine_tuning(by_name[st.selectbox("Network that learned it", list(by_name), key="fine_tuning")])


def start() -> None:
    """Start a fine-tuning, and rerun the page to watch it."""
    try:
        fine_tunings.start(weights_picker.ROOT, Path(name_of(st.session_state["weights"])))
    except (RunError, OSError) as error:
        st.error(escaped(f"The fine-tuning could not be started: {error}."))
    else:
        st.session_state.pop("fine_tuning", None)  # the running one comes first in the list
        st.rerun()


def show_fine_tuning(chosen: FineTuning) -> None:
    """The progress or the result of a fine-tuning, and what can be done with it."""
    name = chosen.folder.name
    if chosen.running:
        st.status(f"{escaped(name)}: {escaped(chosen.last_line or 'starting')}", state="running")
        return
    if chosen.result is None:
        st.error(escaped(f"{name} ended without a result. The last line of its log: {chosen.last_line or 'none'}"))
    else:
        show_result(escaped(name), chosen.result)
        if chosen.result.kept and (chosen.folder / "weights.npz").exists():
            offer(name)
    rename_and_delete(name, shown="fine_tuning", may_rename=chosen.result is not None)


def show_result(name: str, result: FineTuningResult) -> None:
    """Accuracy before and after, on the user's digits and on the validation images."""
    own, others = result.own, result.validation
    if not result.kept:
        st.warning(f"{name} was not kept: its {escaped(result.dataset.upper())} accuracy fell by more than 0.1 points.")
    elif own.after > own.before:
        st.success(f"{name} has learned your handwriting.")
    else:
        st.info(f"{name} reads your digits no better than before.")
    with st.container(horizontal=True, gap="large"):
        for label, count in (("Your digits", own), (f"{result.dataset.upper()} validation images", others)):
            share, delta = f"{100 * count.after / count.images:.2f} %", change(count)
            st.metric(
                escaped(label),
                share,
                delta or "unchanged",
                delta_color="normal" if delta else "off",
                delta_arrow="auto" if delta else "off",
                width="content",
            )
    st.caption(
        f"The likeliest digit was right for {own.before:,} of your {own.images:,} digits before and for {own.after:,} "
        "after. The network learned from these very digits: expect a lower accuracy on new ones."
    )


def change(count: RightBeforeAndAfter) -> str:
    """ "+3.33 points"; empty for a change that rounds to nothing."""
    points = round(100 * (count.after - count.before) / count.images, 2)
    return f"{points:+.2f} points" if points else ""
