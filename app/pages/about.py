"""The About page: the article, its formulas layer by layer, the licence, and where things are stored."""

import streamlit as st

from app.components.weights_picker import ROOT
from app.texts.about import FORMULAS, STORED
from data.handwriting import FILE
from training.files import RUNS

ARTICLE = "https://towardsdatascience.com/math-neural-network-from-scratch-in-python-d6da9f29ce65"

st.title("About")
st.markdown(
    "A neural network that reads handwritten digits, written layer by layer in numpy after Omar Aflak’s article "
    f"[“Math + neural network from scratch in Python”]({ARTICLE}). No machine-learning library is used for the network "
    "and its training."
)

# All formulas fit. Streamlit makes their places scroll, which the keyboard could not.
st.html("<style>.stApp .katex-display { overflow: visible }</style>")
st.header("How it learns")
st.markdown(
    "Each layer computes an output $Y$ from its input $X$. For an image with a known answer the loss $E$ says how "
    "wrong the last output is. Backwards, each layer gets $\\partial E/\\partial Y$ from the layer behind it, computes "
    "how to change its own numbers, and passes $\\partial E/\\partial X$ on to the layer before it. The article "
    "changes every weight by $-\\eta \\, \\partial E/\\partial W$, with a small learning rate $\\eta$; the recipes on "
    "the Train page use Adam, which adapts the size of the step to each weight."
)
for name, forward, backward, sentence in FORMULAS:
    st.markdown(f"**{name}.** {sentence}")
    for column, formula in zip(st.columns(2), (forward, backward), strict=True):
        column.latex(formula)

st.header("What is stored where")
st.markdown(
    "Nothing is sent anywhere: the app contacts no other server. Other computers reach it only if it was started with "
    "`LAN=1` or `HOSTS=…`; what their visitors draw then goes to this computer and stays here."
)
st.table({place.format(runs=RUNS, handwriting=FILE): what for place, what in STORED.items()}, hide_header=True)
st.caption("These are in the folder in which the app was started:")
st.code(str(ROOT), language=None)

st.header("Licence")
st.markdown(
    "MIT: use it, change it and pass it on, as long as the notice in the file `LICENSE` stays with it. It comes "
    "without any warranty."
)
