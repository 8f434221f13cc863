"""The Train page: start, watch, stop and resume training runs, and compare them."""

from collections.abc import Callable

import streamlit as st

from app.charts.training import curves, curves_chart, watched_digits
from app.components.chart import show_chart
from app.components.housekeeping import rename_and_delete, show_problem
from app.components.weights_picker import ROOT, escaped, offer
from app.texts.recipes import describe
from data.datasets import DATASETS, TRAINABLE
from training import files
from training.formatting import decimal, duration, percent
from training.parallel.network import usable_cores
from training.recipes import RECIPES
from training.runs.fine_tunings import is_fine_tuning
from training.runs.run import (
    Run,
    RunError,
    being_trained,
    free_name,
    last_log_line,
    list_runs,
    resume,
    start,
    stop,
)

RUNS = ROOT / files.RUNS


def train_and_watch() -> None:
    """The whole page. It polls the small files that the runs write; the runs are separate processes.

    The title is part of the fragment, so that the fragment is the first element of the page: Streamlit shows an empty
    window if any other fragment answers just after its page was left.
    """
    st.title("Train a network")
    busy = being_trained(RUNS)
    runs = [run for run in list_runs(RUNS) if not is_fine_tuning(run.folder)]
    new_run(busy)
    if busy and busy not in [run.name for run in runs]:
        st.info(escaped(f"{busy} is learning your handwriting: the page My handwriting shows how far it is."))
    show_problem()
    if not runs:
        st.info("There is no run yet. Start one above: its curves and its answers to hard digits appear here.")
        return
    by_name = {run.name: run for run in runs}
    left, right = st.columns(2)
    name = left.selectbox("Run", list(by_name), format_func=lambda name: label(by_name[name]), key="run")
    others = [other for other in by_name if other != name]
    compared = right.multiselect("Compare with", others, key="compared", placeholder="Other runs, in the same charts")
    # A selected run may have been deleted since.
    show_run(by_name.get(name, runs[0]), [by_name[other] for other in compared if other in by_name], busy)


def new_run(busy: str | None) -> None:
    """The settings of a new run, and the button that starts it unless `busy` is being trained."""
    with st.expander("New run", expanded=busy is None):
        recipe_column, data_column = st.columns(2)
        recipe = recipe_column.selectbox("Recipe", list(RECIPES), index=list(RECIPES).index("quick"), key="recipe")
        dataset = data_column.selectbox("Data", TRAINABLE, format_func=about_data, key="dataset")
        st.caption(describe_once(recipe))
        name_column, epochs_column, seed_column = st.columns([2, 1, 1])
        free = free_name(RUNS, recipe)
        # Not the default value: it follows the recipe, and would take the place of what was typed.
        name = name_column.text_input("Name", max_chars=64, placeholder=free, key="name") or free
        epochs = epochs_column.number_input("Epochs", 1, 1000, RECIPES[recipe].epochs, key=f"epochs of {recipe}")
        seed = seed_column.number_input("Seed", 0, 999_999_999, 0, key="seed")
        if st.button("Start training", type="primary", disabled=busy is not None):
            act("Starting", lambda: start(ROOT, name, recipe, dataset, int(epochs), int(seed)), show=name)
        st.caption(
            f"Only one run trains at a time, on all {usable_cores()} cores of this computer: two would take twice as "
            "long. A run continues when you close this page or the app."
        )
    if problem := st.session_state.get("train_problem"):
        st.error(escaped(problem))


@st.cache_data(show_spinner=False)
def describe_once(recipe: str) -> str:
    """The recipe's description, which takes the time to read a weights file."""
    return describe(recipe)


def about_data(name: str) -> str:
    """ "MNIST: 60,000 digits"."""
    return f"{DATASETS[name].about}: {DATASETS[name].train_size:,} digits"


def act(doing: str, action: Callable[[], None], show: str) -> None:
    """Perform a button's action, keep the message if it fails, and show the run that it was about."""
    st.session_state.pop("train_problem", None)
    try:
        with st.spinner(escaped(f"{doing} {show} …")):
            action()
        st.session_state["shown_next"] = show
    except (RunError, OSError) as error:
        st.session_state["train_problem"] = f"{doing} {show} failed: {error}."
    st.rerun()


def label(run: Run) -> str:
    """ "quick-2 · mnist · running"."""
    about = run.progress.about if run.progress else {}
    return " · ".join([run.name, str(about.get("dataset", "unknown data")), run.state])


def show_run(run: Run, others: list[Run], busy: str | None) -> None:
    """A run's progress, its buttons, its curves, and its answers to hard digits."""
    show_progress(run)
    with st.container(horizontal=True):
        if run.state == "running" and st.button("Stop training"):
            act("Stopping", lambda: stop(ROOT, run.name), show=run.name)
        if run.can_resume and st.button("Resume", disabled=busy is not None):
            act("Resuming", lambda: resume(ROOT, run.name), show=run.name)
        if run.state == "finished":
            offer(run.name)
        if run.state != "running":
            rename_and_delete(run.name, shown="run")
    for problem in run.problems:
        st.warning(escaped(problem))
    compared = [run, *others]
    histories = {shown.name: shown.history for shown in compared}
    in_progress = {shown.name: shown.progress for shown in compared if shown.progress}
    epochs = max(shown.progress.epochs if shown.progress else len(shown.history) for shown in compared)
    for column, quantity in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        table = curves(histories, quantity, in_progress)
        if len(table):
            with column:
                show_chart(curves_chart(table, quantity, epochs), f"The {quantity} over the epochs")
    if run.progress and run.progress.digits:
        st.header("Hard validation digits")
        st.html(watched_digits(run.progress.digits))
        st.caption("These look more like another digit than most. The network is never trained on them.")


def show_progress(run: Run) -> None:
    """The progress bar, the current loss and accuracy, and the settings."""
    progress = run.progress
    if run.state == "failed":
        st.error(escaped(f"{run.name} failed: {last_log_line(run.folder).removeprefix('error: ')}."))
    if progress is None:
        st.markdown(
            {
                "running": "Loading the data.",
                "never started": "It ended before its first checkpoint: start it again under the same name.",
            }.get(run.state, "No progress was recorded.")
        )
        return
    done = (progress.epoch + progress.step / progress.steps) / progress.epochs
    epoch = min(progress.epoch + 1, progress.epochs)
    text = f"Epoch {epoch} of {progress.epochs}"
    if run.state == "running":
        text += f", step {progress.step} of {progress.steps}; {duration(progress.seconds_left)} left"
    elif run.state == "finished":
        text = f"Trained in {duration(progress.seconds)}"
    else:
        text += f", stopped after {duration(progress.seconds)}; its checkpoint is kept"
    st.progress(min(max(done, 0.0), 1.0), text)
    metrics = {"Training loss": decimal(float(progress.loss)) if progress.step else "–"}
    if run.history:
        last = run.history[-1]
        if not progress.step:
            metrics["Training loss"] = decimal(last.train_loss)
        metrics["Validation loss"] = decimal(last.validation_loss)
        metrics["Validation accuracy"] = percent(last.validation_accuracy)
    about = progress.about
    for column, (name, value) in zip(st.columns(4), metrics.items(), strict=False):
        column.metric(name, value)
    settings = [f"{key} {about[key]}" for key in ("recipe", "dataset", "seed", "threads") if key in about]
    st.caption(escaped(f"{', '.join(settings)}."))


if "shown_next" in st.session_state:
    st.session_state["run"] = st.session_state.pop("shown_next")
    if st.session_state.get("name") == st.session_state["run"]:
        st.session_state["name"] = ""  # it has been given to a run
if st.session_state.get("run") and not (RUNS / st.session_state["run"]).exists():
    del st.session_state["run"]  # deleted elsewhere
# Once a second while a run is training; otherwise every ten seconds, as a run may be started elsewhere.
seconds = 1 if being_trained(RUNS) else 10
st.fragment(train_and_watch, run_every=seconds)()
