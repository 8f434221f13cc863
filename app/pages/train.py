"""The Train page: start a training run, watch it learn, stop it, go on, and compare it with others."""

from collections.abc import Callable

import streamlit as st

from app.charts.training import curves, curves_chart, watched_digits
from app.components.weights_picker import ROOT, escaped
from data.datasets import DATASETS, TRAINABLE
from training import files
from training.formatting import decimal, duration, percent
from training.parallel.network import usable_cores
from training.recipes import RECIPES
from training.runs.run import Run, RunError, free_name, go_on, last_words, list_runs, start, stop

RUNS = ROOT / files.RUNS
STATES = {
    "running": "is being trained",
    "finished": "is trained to its end",
    "failed": "broke off",
    "stopped": "stands still",
    "not begun": "ended before it began",
}


def train_and_watch() -> None:
    """The page, which looks at the runs' small files again and again: nothing of a run is in this process.

    Title and all stand in here, so that the fragment is the first thing on the page: Streamlit shows an empty window
    when any other fragment answers just after its page was left.
    """
    st.title("Watch it learn")
    runs = list_runs(RUNS)
    training = next((run for run in runs if run.state == "running"), None)
    new_run(training)
    if not runs:
        st.info("There is no run yet. Start one above: its curves and what it makes of hard digits appear here.")
        return
    by_name = {run.name: run for run in runs}
    left, right = st.columns(2)
    name = left.selectbox("Run", list(by_name), format_func=lambda name: label(by_name[name]), key="run")
    others = [each for each in by_name if each != name]
    compared = right.multiselect("Beside it", others, key="compared", placeholder="Other runs, in the same charts")
    # What was chosen may be gone since.
    show_run(by_name.get(name, runs[0]), [by_name[each] for each in compared if each in by_name], training)


def new_run(training: Run | None) -> None:
    """What a new run needs to know, and the button that starts it."""
    with st.expander("New run", expanded=training is None):
        recipe_column, data_column = st.columns(2)
        recipe = recipe_column.selectbox("Recipe", list(RECIPES), index=list(RECIPES).index("quick"), key="recipe")
        dataset = data_column.selectbox("Data", TRAINABLE, format_func=about_data, key="dataset")
        name_column, epochs_column, seed_column = st.columns([2, 1, 1])
        name = name_column.text_input("Name", free_name(RUNS, recipe), max_chars=64)
        epochs = epochs_column.number_input("Epochs", 1, 1000, RECIPES[recipe].epochs, key=f"epochs of {recipe}")
        seed = seed_column.number_input("Seed", 0, 999_999_999, 0, key="seed")
        if st.button("Start training", type="primary", disabled=training is not None):
            act("Starting", lambda: start(ROOT, name, recipe, dataset, int(epochs), int(seed)), show=name)
        st.caption(
            f"One run trains at a time, on all {usable_cores()} cores of this computer: two would take twice as long. "
            "It goes on when this page or the app is closed."
        )
    if problem := st.session_state.get("train_problem"):
        st.error(escaped(problem))


def about_data(name: str) -> str:
    """ "MNIST: 60,000 digits"."""
    return f"{DATASETS[name].about}: {DATASETS[name].train_size:,} digits"


def act(doing: str, action: Callable[[], None], show: str) -> None:
    """Do what a button asks for, keep the words of what went wrong, and show the run it was about."""
    st.session_state.pop("train_problem", None)
    try:
        with st.spinner(escaped(f"{doing} {show} …")):
            action()
        st.session_state["shown_next"] = show
    except (RunError, OSError) as error:
        st.session_state["train_problem"] = f"{doing} {show} did not work: {error}."
    st.rerun()


def label(run: Run) -> str:
    """ "quick-2 · mnist · is being trained"."""
    about = run.progress.about if run.progress else {}
    return " · ".join([run.name, str(about.get("dataset", "unknown data")), STATES[run.state]])


def show_run(run: Run, others: list[Run], training: Run | None) -> None:
    """How far a run is, what can be done with it, its curves, and the digits that it is watched by."""
    show_standing(run)
    with st.container(horizontal=True):
        if run.state == "running" and st.button("Stop training"):
            act("Stopping", lambda: stop(ROOT, run.name), show=run.name)
        if run.can_go_on and st.button("Go on", disabled=training is not None):
            act("Going on with", lambda: go_on(ROOT, run.name), show=run.name)
    for problem in run.problems:
        st.warning(escaped(problem))
    compared = [run, *others]
    epochs = max(each.progress.epochs if each.progress else len(each.history) for each in compared)
    for column, quantity in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        table = curves(compared, quantity)
        if len(table):
            column.altair_chart(curves_chart(table, quantity, epochs), alt=f"The {quantity} over the epochs")
    if run.progress and run.progress.digits:
        st.header("Hard validation digits")
        st.html(watched_digits(run.progress.digits))
        st.caption("These look more like another digit than most do. The network never trains on them.")


def show_standing(run: Run) -> None:
    """State and settings in words, the progress bar, and the numbers of the moment."""
    progress = run.progress
    if run.state == "failed":
        st.error(escaped(f"{run.name} broke off: {last_words(run.folder).removeprefix('error: ')}."))
    if progress is None:
        st.markdown(
            {
                "running": "It is getting its data.",
                "not begun": "It ended before there was anything to keep: start it again under its name.",
            }.get(run.state, "It left no account of how far it was.")
        )
        return
    done = (progress.epoch + progress.step / progress.steps) / progress.epochs
    epoch = min(progress.epoch + 1, progress.epochs)
    words = f"Epoch {epoch} of {progress.epochs}"
    if run.state == "running":
        words += f", step {progress.step} of {progress.steps}; {duration(progress.seconds_left)} left"
    elif run.state == "finished":
        words = f"Trained in {duration(progress.seconds)}; its weights can be chosen on the Draw page"
    else:
        words += f", stopped after {duration(progress.seconds)}; what it learned is kept"
    st.progress(min(max(done, 0.0), 1.0), words)
    numbers = {"Training loss": decimal(float(progress.loss)) if progress.step else "–"}
    if run.history:
        last = run.history[-1]
        if not progress.step:
            numbers["Training loss"] = decimal(last.train_loss)
        numbers["Validation loss"] = decimal(last.validation_loss)
        numbers["Validation accuracy"] = percent(last.validation_accuracy)
    about = progress.about
    for column, (name, value) in zip(st.columns(4), numbers.items(), strict=False):
        column.metric(name, value)
    facts = [f"{key} {about[key]}" for key in ("recipe", "dataset", "seed", "threads") if key in about]
    st.caption(escaped(f"{', '.join(facts)}."))


if "shown_next" in st.session_state:
    st.session_state["run"] = st.session_state.pop("shown_next")
# Once a second while there is something to watch; else now and then, as a run may also be started elsewhere.
seconds = 1 if any(run.state == "running" for run in list_runs(RUNS)) else 10
st.fragment(train_and_watch, run_every=seconds)()
