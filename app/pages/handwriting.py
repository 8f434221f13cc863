"""The My handwriting page: the stored drawings, how well a network reads them, and fine-tuning on them."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import streamlit as st
from scipy.stats import binomtest

from app.charts.html import enlarged
from app.components.learning import show_learning
from app.components.truth_buttons import NO_DIGIT, kept_truths
from app.components.weights_picker import ROOT, escaped, pick_classifier
from data.handwriting import FILE, Drawing, Handwriting, HandwritingError
from data.handwriting_file import pack, unpack
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from training.files import RUNS
from training.runs.run import being_trained

DRAWINGS_A_PAGE = 24
LARGEST_IMPORT = 10  # megabytes
ALL, MISREAD = "all", "misread"  # choices of drawings to show, beside the digits and `NO_DIGIT`


def show_page(classifier: DigitClassifier | None, watching: bool) -> None:
    """The whole page, a fragment that runs again every second while something is trained."""
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


def read(classifier: DigitClassifier | None, drawings: list[Drawing]) -> list[Reading | None]:
    """What the chosen network reads in each drawing; None without a network."""
    if classifier is None or not drawings:
        return [None] * len(drawings)
    return [*classifier.read(np.array([drawing.image for drawing in drawings]))]


def is_read_right(drawing: Drawing, answer: Reading | None) -> bool:
    """Whether the answer is the true digit; "unsure" is not, and neither is "no digit"."""
    return answer is not None and answer.verdict is Verdict.DIGIT and answer.digit == drawing.truth


def is_misread(drawing: Drawing, answer: Reading | None) -> bool:
    """Whether a digit is read as another one, or not read at all."""
    return drawing.truth is not None and not is_read_right(drawing, answer)


def show_accuracy(drawings: list[Drawing], answers: list[Reading | None]) -> None:
    """How many of the digits the chosen network reads right."""
    digits = [i for i, drawing in enumerate(drawings) if drawing.truth is not None]
    if not digits:
        return
    right = sum(is_read_right(drawings[i], answers[i]) for i in digits)
    verdicts = [answer.verdict for answer in (answers[i] for i in digits) if answer is not None]
    unsure, refused = verdicts.count(Verdict.UNSURE), verdicts.count(Verdict.NO_DIGIT)
    interval = binomtest(right, len(digits)).proportion_ci(confidence_level=0.95, method="wilson")
    others = f" Of the others it is unsure about {unsure:,} and takes {refused:,} for no digit." * (right < len(digits))
    st.metric("The chosen network reads right", f"{right:,} of {len(digits):,}")
    st.caption(
        f"That is {100 * right / len(digits):.1f} %. For digits drawn like these, the 95 % confidence interval is "
        f"{100 * interval.low:.1f} % to {100 * interval.high:.1f} %.{others} "
        "Choose the network in the sidebar."
    )


def show_drawings(store: Handwriting, drawings: list[Drawing], answers: list[Reading | None]) -> None:
    """The drawings, newest first, with checkboxes to correct or delete them."""
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
        chosen = [drawing for drawing, answer in pairs if show_drawing(drawing, answer)]
    if not chosen:
        st.caption("Tick drawings to correct their labels or to delete them.")
        return
    try:
        with st.container(horizontal=True):
            show_correcting(store, chosen)
            show_deleting(store, chosen)
    except HandwritingError as error:
        st.error(escaped(f"{error}."))


def is_shown(drawing: Drawing, answer: Reading | None, shown: str | int) -> bool:
    """Whether a drawing matches the choice `shown`."""
    if shown in (ALL, MISREAD):
        return shown == ALL or is_misread(drawing, answer)
    return drawing.truth == (None if shown == NO_DIGIT else shown)


def show_drawing(drawing: Drawing, answer: Reading | None) -> bool:
    """Show one drawing; returns whether its checkbox is ticked."""
    truth = digit_name(drawing.truth)
    with st.container(border=True, width=150, gap="xsmall"):
        st.html(enlarged(drawing.image, f"Handwritten: {truth}", side=112))
        ticked = st.checkbox(f"**{truth}**", key=f"tick {drawing.key}")
        misread = f", **this network: {answer_name(answer)}**" if answer and is_misread(drawing, answer) else ""
        st.caption(f"read as {digit_name(drawing.answer)}{misread}  \n{day(drawing.created)}")
    return ticked


def digit_name(digit: int | None) -> str:
    return NO_DIGIT if digit is None else str(digit)


def answer_name(answer: Reading) -> str:
    """ "7", "unsure, 4 or 9", "no digit"."""
    if answer.verdict is Verdict.UNSURE:
        return f"unsure, {answer.digit} or {answer.second}"
    return str(answer.digit) if answer.verdict is Verdict.DIGIT else NO_DIGIT


def day(created: str) -> str:
    """ "2026-05-03T14:05:00+00:00" → "3 May 2026", in this computer's time zone."""
    date = datetime.fromisoformat(created).astimezone()
    return f"{date.day} {date:%b %Y}"


def show_correcting(store: Handwriting, chosen: list[Drawing]) -> None:
    """The button that gives the ticked drawings another label."""
    with st.popover("Correct the label" if len(chosen) == 1 else "Correct the labels"):
        truth = st.pills("What was drawn", [*range(10), NO_DIGIT], format_func=str, key="new label")
        if truth is not None and st.button(f"Label {count_of(chosen)} {truth}", type="primary"):
            for drawing in chosen:
                store.keep(replace(drawing, truth=None if truth == NO_DIGIT else int(truth)))
                kept_truths()[drawing.key] = str(truth)
            forget_ticks(chosen)


def show_deleting(store: Handwriting, chosen: list[Drawing]) -> None:
    """The button that deletes the ticked drawings, with a confirmation."""
    with st.popover(f"Delete {count_of(chosen)}"):
        st.write("This cannot be undone.")
        if st.button(f"Yes, delete {count_of(chosen)}", type="primary"):
            store.delete(drawing.key for drawing in chosen)
            for drawing in chosen:
                kept_truths().pop(drawing.key, None)
            forget_ticks(chosen)


def count_of(drawings: list[Drawing]) -> str:
    return "1 drawing" if len(drawings) == 1 else f"{len(drawings)} drawings"


def forget_ticks(drawings: list[Drawing]) -> None:
    """Untick the drawings, and rerun the page."""
    for key in ("new label", *(f"tick {drawing.key}" for drawing in drawings)):
        st.session_state.pop(key, None)
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
watching = being_trained(ROOT / RUNS) is not None
# The title is part of the fragment: Streamlit shows an empty window if a fragment that is not the first element of its
# page answers just after the page was left.
st.fragment(show_page, run_every=1 if watching else None)(classifier, watching)
