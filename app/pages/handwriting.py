"""The page My handwriting: the drawings that were kept, how well the chosen weights read them, and learning them."""

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
ALL, MISREAD = "all", "misread"


def show_page(classifier: DigitClassifier | None, watching: bool) -> None:
    """The page, as one fragment: while a fine-tuning runs it shows itself again every second."""
    st.title("My handwriting")
    st.write("Digits that you drew, and what you said they are. They stay on this computer.")
    try:
        store = Handwriting(ROOT / FILE)
        drawings = store.drawings()
    except HandwritingError as error:
        st.error(escaped(f"{error}."))
        return
    answers = read(classifier, drawings)
    if not drawings:
        st.info("There is nothing here yet. Draw a digit on the page Draw, and say what it was.")
    else:
        show_accuracy(drawings, answers)
        show_learning(classifier, drawings, watching)
        show_drawings(store, drawings, answers)
    show_files(store, drawings)


def read(classifier: DigitClassifier | None, drawings: list[Drawing]) -> list[int | None]:
    """What the chosen weights read in each drawing; None without weights, or where there is no ink."""
    images = np.array([drawing.image for drawing in drawings], np.uint8).reshape(-1, 28, 28)
    with_ink = [image.any() for image in images]
    if classifier is None or not any(with_ink):
        return [None] * len(drawings)
    answers = classifier.predict(images)
    return [int(answers[i]) if with_ink[i] else None for i in range(len(drawings))]


def is_misread(drawing: Drawing, answer: int | None) -> bool:
    return drawing.truth is not None and drawing.truth != answer


def show_accuracy(drawings: list[Drawing], answers: list[int | None]) -> None:
    """How many of the digits the chosen weights read right."""
    digits = [i for i, drawing in enumerate(drawings) if drawing.truth is not None]
    if not digits:
        return
    right = sum(not is_misread(drawings[i], answers[i]) for i in digits)
    interval = binomtest(right, len(digits)).proportion_ci(confidence_level=0.95, method="wilson")
    st.metric("The chosen weights read right", f"{right:,} of {len(digits):,}")
    st.caption(
        f"That is {100 * right / len(digits):.1f} %. For digits drawn like these, the 95 % confidence interval is "
        f"{100 * interval.low:.1f} % to {100 * interval.high:.1f} %. Weights are chosen in the sidebar."
    )


def show_learning(classifier: DigitClassifier | None, drawings: list[Drawing], watching: bool) -> None:
    """The fine-tuning: to be started, at work, or what it came to."""
    st.header("Learn my handwriting")
    st.write(
        "The chosen weights are trained further for about a minute, on your digits mixed with those that they learned "
        "from. The outcome joins the list of weights; but if it reads the others less well than before, by more than "
        "0.1 point, it is thrown away. What you said is no digit is not learned."
    )
    newest = fine_tunings.latest(ROOT)
    running = newest is not None and newest.running
    if watching and not running:
        st.rerun()  # the whole page, with the new weights in the list
    to_learn = any(drawing.truth is not None for drawing in drawings)
    if st.button("Learn them", type="primary", disabled=running or not to_learn or classifier is None):
        start()
    if newest is not None:
        show_fine_tuning(newest)


def start() -> None:
    """Start a fine-tuning, and let the page watch it."""
    try:
        fine_tunings.start(ROOT, Path(name_of(st.session_state["weights"])))
    except OSError as error:
        st.error(escaped(f"It could not be started: {error}."))
    else:
        st.rerun()


def show_fine_tuning(newest: FineTuning) -> None:
    """How the newest fine-tuning stands."""
    name = f"runs/{newest.folder.name}"
    if newest.running:
        st.status(f"{name}: {escaped(newest.last_line or 'starting')}", state="running")
    elif newest.result is None:
        st.error(escaped(f"{name} ended without a result. Its last words: {newest.last_line or 'none'}"))
    else:
        show_result(name, newest.result)
        weights = newest.folder / "weights.npz"
        offered = newest.result.kept and weights.exists() and st.session_state.get("weights") != weights
        if offered and st.button("Read with them", on_click=lambda: st.session_state.update(weights=weights)):
            st.rerun()  # the list of weights is outside of this fragment


def show_result(name: str, result: FineTuningResult) -> None:
    """Before and after, on the person's digits and on the others."""
    own, others = result.own, result.validation
    if result.kept:
        st.success(f"{name} has learned your handwriting.")
    else:
        st.warning(f"{name} was thrown away: it reads {escaped(result.dataset)} less well, by more than 0.1 point.")
    with st.container(horizontal=True, gap="large"):
        for label, count in (("Your digits", own), (f"{result.dataset}, validation images", others)):
            change = 100 * (count.after - count.before) / count.images
            st.metric(
                escaped(label),
                f"{100 * count.after / count.images:.2f} %",
                f"{change:+.2f} points",
                delta_color="off" if not change else "normal",
                width="content",
            )
    st.caption(
        f"Of your {own.images:,} digits {own.before:,} were read right before and {own.after:,} after. They "
        "are the ones it learned from: new ones will be read less well than these."
    )


def show_drawings(store: Handwriting, drawings: list[Drawing], answers: list[int | None]) -> None:
    """The drawings, the newest first, to look at and to delete."""
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
        st.write("There is none of these.")
        return
    pages = -(-len(pairs) // DRAWINGS_A_PAGE)
    page = st.pagination(pages, key=f"page of {pages}") if pages > 1 else 1
    pairs = pairs[(page - 1) * DRAWINGS_A_PAGE : page * DRAWINGS_A_PAGE]
    with st.container(horizontal=True):
        chosen = [drawing.key for drawing, answer in pairs if show_drawing(drawing, answer)]
    show_deleting(store, chosen)


def is_shown(drawing: Drawing, answer: int | None, shown: str | int) -> bool:
    """Whether a drawing is one of those to be shown."""
    if shown in (ALL, MISREAD):
        return shown == ALL or is_misread(drawing, answer)
    return drawing.truth == (None if shown == NO_DIGIT else shown)


def show_drawing(drawing: Drawing, answer: int | None) -> bool:
    """One drawing; whether it is ticked."""
    truth = in_words(drawing.truth)
    with st.container(border=True, width=150, gap="xsmall"):
        st.html(enlarged(drawing.image, f"Handwritten: {truth}", side=112))
        ticked = st.checkbox(f"**{truth}**", key=f"tick {drawing.key}")
        now = f", **now wrongly {in_words(answer)}**" if is_misread(drawing, answer) else ""
        st.caption(f"read as {in_words(drawing.answer)}{now}  \n{day(drawing.created)}")
    return ticked


def in_words(digit: int | None) -> str:
    return NO_DIGIT if digit is None else str(digit)


def day(created: str) -> str:
    """ "2026-05-03T14:05:00+00:00" → "3 May 2026", where this computer is."""
    date = datetime.fromisoformat(created).astimezone()
    return f"{date.day} {date:%b %Y}"


def show_deleting(store: Handwriting, chosen: list[str]) -> None:
    """The button that deletes what is ticked, and the question whether that is meant."""
    if not chosen:
        st.caption("Tick drawings to delete them.")
        return
    what = "1 drawing" if len(chosen) == 1 else f"{len(chosen)} drawings"
    with st.popover(f"Delete {what}"):
        st.write("They cannot be had back.")
        if st.button(f"Yes, delete {what}", type="primary"):
            store.delete(chosen)
            st.rerun()


def show_files(store: Handwriting, drawings: list[Drawing]) -> None:
    """Taking the drawings along, and bringing them back."""
    st.header("Take them along")
    if drawings:
        st.download_button(
            "Export", lambda: pack(drawings), "handwriting.npz", "application/octet-stream", on_click="ignore"
        )
        st.caption(
            "Strokes, pictures, answers and dates, in a file that `make evaluate DATASET=handwriting.npz` reads."
        )
    st.file_uploader(
        "Import an export. What is here already stays as it is",
        type="npz",
        max_upload_size=LARGEST_IMPORT,
        key="import",
        on_change=lambda: st.session_state.update(outcome=import_file(store)),
    )
    if st.session_state.get("outcome"):
        done, message = st.session_state["outcome"]
        (st.success if done else st.error)(escaped(message))


def import_file(store: Handwriting) -> tuple[bool, str] | None:
    """Store what the uploaded file holds; whether that went well, and a word on it. None where there is no file."""
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
# Title and end are in the fragment too: Streamlit shows an empty window when a fragment that is not the first thing on
# its page answers just after that was left.
st.fragment(show_page, run_every=1 if watching else None)(classifier, watching)
