"""The My handwriting page: the stored drawings, how well a network reads them, and fine-tuning on them."""

from datetime import datetime
from pathlib import Path

import numpy as np
import streamlit as st
from scipy.stats import binomtest

from app.charts.html import enlarged
from app.components.truth_buttons import NO_DIGIT
from app.components.weights_picker import ROOT, escaped, name_of, pick_classifier
from data.handwriting import FILE, Drawing, Handwriting, HandwritingError
from data.handwriting_file import pack, unpack
from model.classifier import DigitClassifier
from training.runs import fine_tunings
from training.runs.fine_tunings import FineTuning, FineTuningResult

DRAWINGS_A_PAGE = 24
LARGEST_IMPORT = 10  # megabytes
ALL, MISREAD = "all", "misread"  # choices of drawings to show, beside the digits and `NO_DIGIT`


def show_page(classifier: DigitClassifier | None, watching: bool) -> None:
    """The whole page, a fragment that runs again every second during a fine-tuning."""
    st.title("My handwriting")
    st.write("The digits that you drew and labelled. They stay on this computer.")
    try:
        store = Handwriting(ROOT / FILE)
        drawings = store.drawings()
    except HandwritingError as error:
        st.error(escaped(f"{error}."))
        return
    answers = read(classifier, drawings)
    if not drawings:
        st.info("There are no drawings yet. Draw a digit on the Draw page, and correct or confirm it there.")
    else:
        show_accuracy(drawings, answers)
        show_learning(classifier, drawings, watching)
        show_drawings(store, drawings, answers)
    show_files(store, drawings)


def read(classifier: DigitClassifier | None, drawings: list[Drawing]) -> list[int | None]:
    """The digit that the chosen network reads in each drawing; None without a network or without ink."""
    images = np.array([drawing.image for drawing in drawings], np.uint8).reshape(-1, 28, 28)
    with_ink = [image.any() for image in images]
    if classifier is None or not any(with_ink):
        return [None] * len(drawings)
    answers = classifier.predict(images)
    return [int(answers[i]) if with_ink[i] else None for i in range(len(drawings))]


def is_misread(drawing: Drawing, answer: int | None) -> bool:
    return drawing.truth is not None and drawing.truth != answer


def show_accuracy(drawings: list[Drawing], answers: list[int | None]) -> None:
    """How many of the digits the chosen network reads right."""
    digits = [i for i, drawing in enumerate(drawings) if drawing.truth is not None]
    if not digits:
        return
    right = sum(not is_misread(drawings[i], answers[i]) for i in digits)
    interval = binomtest(right, len(digits)).proportion_ci(confidence_level=0.95, method="wilson")
    st.metric("The chosen network reads right", f"{right:,} of {len(digits):,}")
    st.caption(
        f"That is {100 * right / len(digits):.1f} %. For digits drawn like these, the 95 % confidence interval is "
        f"{100 * interval.low:.1f} % to {100 * interval.high:.1f} %. Choose the network in the sidebar."
    )


def show_learning(classifier: DigitClassifier | None, drawings: list[Drawing], watching: bool) -> None:
    """The button that starts a fine-tuning, and the progress or the result of the last one."""
    st.header("Learn my handwriting")
    dataset = "MNIST" if classifier is None else escaped(str(classifier.header.get("dataset", "MNIST")).upper())
    st.write(
        "The chosen network is trained further for about a minute, on your digits mixed with its own training images. "
        f"The new network is kept only if its {dataset} accuracy falls by at most 0.1 points. "
        "Non-digits are not learned."
    )
    newest = fine_tunings.latest(ROOT)
    running = newest is not None and newest.running
    if watching and not running:
        st.rerun()  # the whole page, with the new weights in the list
    to_learn = any(drawing.truth is not None for drawing in drawings)
    if st.button("Learn my digits", type="primary", disabled=running or not to_learn or classifier is None):
        start()
    if newest is not None:
        show_fine_tuning(newest)


def start() -> None:
    """Start a fine-tuning, and rerun the page to watch it."""
    try:
        fine_tunings.start(ROOT, Path(name_of(st.session_state["weights"])))
    except OSError as error:
        st.error(escaped(f"The fine-tuning could not be started: {error}."))
    else:
        st.rerun()


def show_fine_tuning(newest: FineTuning) -> None:
    """The progress or the result of the newest fine-tuning."""
    name = f"runs/{newest.folder.name}"
    if newest.running:
        st.status(f"{name}: {escaped(newest.last_line or 'starting')}", state="running")
    elif newest.result is None:
        st.error(escaped(f"{name} ended without a result. The last line of its log: {newest.last_line or 'none'}"))
    else:
        show_result(name, newest.result)
        weights = newest.folder / "weights.npz"
        offered = newest.result.kept and weights.exists() and st.session_state.get("weights") != weights
        if offered and st.button("Use this network", on_click=lambda: st.session_state.update(weights=weights)):
            st.rerun()  # the list of networks is outside this fragment


def show_result(name: str, result: FineTuningResult) -> None:
    """Accuracy before and after, on the user's digits and on the validation images."""
    own, others = result.own, result.validation
    if result.kept:
        st.success(f"{name} has learned your handwriting.")
    else:
        st.warning(f"{name} was not kept: its {escaped(result.dataset.upper())} accuracy fell by more than 0.1 points.")
    with st.container(horizontal=True, gap="large"):
        for label, count in (("Your digits", own), (f"{result.dataset.upper()} validation images", others)):
            change = 100 * (count.after - count.before) / count.images
            st.metric(
                escaped(label),
                f"{100 * count.after / count.images:.2f} %",
                f"{change:+.2f} points",
                delta_color="off" if not change else "normal",
                width="content",
            )
    st.caption(
        f"Of your {own.images:,} digits, {own.before:,} were read right before and {own.after:,} after. The network "
        "learned from these very digits: expect a lower accuracy on new ones."
    )


def show_drawings(store: Handwriting, drawings: list[Drawing], answers: list[int | None]) -> None:
    """The drawings, newest first, with checkboxes to delete them."""
    st.header("My drawings")
    shown = st.pills(
        "Show",
        [ALL, MISREAD, *range(10), NO_DIGIT],
        default=ALL,
        required=True,
        format_func=str,
        key="shown",
    )
    pairs = [pair for pair in zip(drawings, answers, strict=True) if is_shown(*pair, shown)][::-1]
    if not pairs:
        st.write("No drawings match.")
        return
    pages = -(-len(pairs) // DRAWINGS_A_PAGE)
    page = st.pagination(pages, key=f"page of {pages}") if pages > 1 else 1
    pairs = pairs[(page - 1) * DRAWINGS_A_PAGE : page * DRAWINGS_A_PAGE]
    with st.container(horizontal=True):
        chosen = [drawing.key for drawing, answer in pairs if show_drawing(drawing, answer)]
    show_deleting(store, chosen)


def is_shown(drawing: Drawing, answer: int | None, shown: str | int) -> bool:
    """Whether a drawing matches the choice `shown`."""
    if shown in (ALL, MISREAD):
        return shown == ALL or is_misread(drawing, answer)
    return drawing.truth == (None if shown == NO_DIGIT else shown)


def show_drawing(drawing: Drawing, answer: int | None) -> bool:
    """Show one drawing; returns whether its checkbox is ticked."""
    truth = digit_name(drawing.truth)
    with st.container(border=True, width=150, gap="xsmall"):
        st.html(enlarged(drawing.image, f"Handwritten: {truth}", side=112))
        ticked = st.checkbox(f"**{truth}**", key=f"tick {drawing.key}")
        misread = f", **this network reads {digit_name(answer)}**" if is_misread(drawing, answer) else ""
        st.caption(f"read as {digit_name(drawing.answer)}{misread}  \n{day(drawing.created)}")
    return ticked


def digit_name(digit: int | None) -> str:
    return NO_DIGIT if digit is None else str(digit)


def day(created: str) -> str:
    """ "2026-05-03T14:05:00+00:00" → "3 May 2026", in this computer's time zone."""
    date = datetime.fromisoformat(created).astimezone()
    return f"{date.day} {date:%b %Y}"


def show_deleting(store: Handwriting, chosen: list[str]) -> None:
    """The button that deletes the ticked drawings, with a confirmation."""
    if not chosen:
        st.caption("Tick drawings to delete them.")
        return
    drawings = "1 drawing" if len(chosen) == 1 else f"{len(chosen)} drawings"
    with st.popover(f"Delete {drawings}"):
        st.write("This cannot be undone.")
        if st.button(f"Yes, delete {drawings}", type="primary"):
            store.delete(chosen)
            st.rerun()


def show_files(store: Handwriting, drawings: list[Drawing]) -> None:
    """Export and import of the drawings."""
    st.header("Export and import")
    if drawings:
        st.download_button(
            "Export", lambda: pack(drawings), "handwriting.npz", "application/octet-stream", on_click="ignore"
        )
        st.caption("Strokes, images, answers and dates, in a file that `make evaluate DATASET=handwriting.npz` reads.")
    st.file_uploader(
        "Import an exported file. Drawings that you already have are not changed",
        type="npz",
        max_upload_size=LARGEST_IMPORT,
        key="import",
        on_change=lambda: st.session_state.update(outcome=import_file(store)),
    )
    if st.session_state.get("outcome"):
        done, message = st.session_state["outcome"]
        (st.success if done else st.error)(escaped(message))


def import_file(store: Handwriting) -> tuple[bool, str] | None:
    """Store the drawings of the uploaded file; returns success and a message, or None if there is no file."""
    file = st.session_state["import"]
    if file is None:
        return None
    try:
        added = store.keep_missing(unpack(file.getvalue()))
    except HandwritingError as error:
        return False, f"Nothing was imported: {error}."
    return True, f"New drawings: {added:,}."


classifier = pick_classifier()
newest = fine_tunings.latest(ROOT)
watching = newest is not None and newest.running
# The title is part of the fragment: Streamlit shows an empty window if a fragment that is not the first element of its
# page answers just after the page was left.
st.fragment(show_page, run_every=1 if watching else None)(classifier, watching)
