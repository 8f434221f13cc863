"""The formulas of the layers, forwards and backwards, and what the app stores."""

# Name, Y, the derivatives, and a sentence in plain words.
FORMULAS = [
    (
        "Fully connected",
        r"Y = X W + B",
        r"\begin{gathered} \frac{\partial E}{\partial W} = X^\top \frac{\partial E}{\partial Y}, \quad"
        r"\frac{\partial E}{\partial B} = \frac{\partial E}{\partial Y} \\"
        r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial Y} W^\top \end{gathered}",
        "Every output is a sum over all inputs, each times its weight, plus a bias.",
    ),
    (
        "Activation",
        r"Y = f(X), \quad f = \tanh \text{ or } \max(0, \cdot)",
        r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial Y} \odot f'(X)",
        "A nonlinear function of each number by itself; $\\odot$ multiplies number by number.",
    ),
    (
        "Convolution",
        r"Y_k = \sum_d X_d \star W_{d,k} + B_k",
        r"\begin{gathered} \frac{\partial E}{\partial W_{d,k}} = X_d \star \frac{\partial E}{\partial Y_k} \\"
        r"\frac{\partial E}{\partial X_d} = \sum_k \frac{\partial E}{\partial Y_k} * W_{d,k} \end{gathered}",
        "A small kernel slides over every map of the input. $\\star$ is the correlation, $*$ the full "
        "convolution, which turns the kernel around.",
    ),
    (
        "Max pooling",
        r"Y_{i,j,k} = \max_{r, s < p} X_{pi+r,\, pj+s,\, k}",
        r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial Y} \text{ at the largest number, else } 0",
        "Of each small window the largest number is kept.",
    ),
    (
        "Batch normalization",
        r"Y = \gamma \, \hat{X} + \beta, \quad \hat{X} = \frac{X - \mu}{\sigma}",
        r"\frac{\partial E}{\partial X} = \frac{\gamma}{\sigma} \left( \frac{\partial E}{\partial Y}"
        r" - \overline{\frac{\partial E}{\partial Y}} - \hat{X} \, \overline{\hat{X} \frac{\partial E}{\partial Y}}"
        r" \right)",
        "Each map gets a learned mean $\\beta$ and deviation $\\gamma$. The mean $\\mu$, the deviation $\\sigma$ and "
        "the bars are taken over the batch.",
    ),
    (
        "Dropout",
        r"Y = X \odot M / (1 - p)",
        r"\frac{\partial E}{\partial X} = \frac{\partial E}{\partial Y} \odot M / (1 - p)",
        "Only in training: $M$ is 0 for a random share $p$ of the numbers, else 1, so that no number can be relied on "
        "alone.",
    ),
    (
        "Loss",
        r"\begin{gathered} E = \frac{1}{n} \sum_i (Y_i^* - Y_i)^2 \quad\text{or} \\"
        r"E = -\log p_{\text{right}}, \;\; p_i = \frac{e^{Y_i}}{\sum_j e^{Y_j}} \end{gathered}",
        r"\frac{\partial E}{\partial Y_i} = \frac{2}{n} (Y_i - Y_i^*) \;\text{or}\; p_i - Y_i^*",
        "How wrong the outputs $Y$ are, compared with the wanted $Y^*$: the mean squared error in the article’s "
        "network, the cross-entropy of the probabilities $p$ in the others.",
    ),
]

# Places in the working folder, and what they hold.
STORED = {
    "{handwriting}": "the drawings that you corrected or confirmed, with their labels",
    "{runs}/<name>/": "a training run: its weights, its checkpoint to resume from, its curves and its reports",
    "{runs}/handwriting-<number>/": "a network that learned your handwriting, until you rename it",
    "the browser": "the drawing on the pad, until the tab is closed",
    "~/scikit_learn_data/": "MNIST and USPS, downloaded once by a training or a measurement, never by a page",
}
