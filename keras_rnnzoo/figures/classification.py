"""Where a classifier is right, how sure it is, and on what it fails."""

import numpy as np

from keras_rnnzoo.figures.style import GREY, INK, PALETTE, new_figure, tidy


def confusion_matrix(y_true, y_pred, labels):
    """Counts of true against predicted classes, shaded by the share of the true class.

    Args:
        y_true, y_pred: class numbers from 0, of the same length.
        labels: the name of each class.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: different lengths, no examples, or a class without a name.

    Example:

    >>> confusion_matrix([0, 1, 1], [0, 1, 0], ["negative", "positive"])
    """
    y_true, y_pred = _same_length(y_true=y_true, y_pred=y_pred)
    y_true, y_pred = y_true.astype("int64"), y_pred.astype("int64")
    count = len(labels)
    lowest, highest = min(y_true.min(), y_pred.min()), max(y_true.max(), y_pred.max())
    if lowest < 0 or highest >= count:
        raise ValueError(
            f"Expected class numbers from 0 to {count - 1}, one for each label. Received: "
            f"numbers from {lowest} to {highest} and labels={list(labels)}"
        )
    counts = np.zeros((count, count), dtype="int64")
    np.add.at(counts, (y_true, y_pred), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.6 + 0.8 * count
    figure, axes = new_figure(side + 0.6, side)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(count, count):
        colour = "white" if shares[row, column] > 0.5 else INK
        text = f"{counts[row, column]:,}\n{shares[row, column]:.1%}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=10)
    tidy(axes, f"Accuracy {np.mean(y_true == y_pred):.2%}", "predicted", "true", grid=None)
    axes.set_xticks(range(count), labels)
    axes.set_yticks(range(count), labels)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    bar.outline.set_visible(False)
    return figure


def calibration_error(y_true, probability, bins=10):
    """The expected calibration error: by how much stated probability and frequency differ.

    Args:
        y_true: 0 or 1.
        probability: of label 1.
        bins: of equal width between 0 and 1.

    Returns:
        The error, and for each bin that is not empty its mean probability, its share of label 1
        and its number of examples, as arrays.
    """
    y_true, probability = _same_length(y_true=y_true, probability=probability)
    if not np.isin(y_true, (0, 1)).all() or not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError(
            "Expected labels of 0 or 1 and probabilities between 0 and 1. Received: labels from "
            f"{y_true.min()} to {y_true.max()}, probabilities from {probability.min()} to "
            f"{probability.max()}"
        )
    place = np.minimum((probability * bins).astype("int64"), bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    counts = counts[filled]
    stated = np.bincount(place, probability, minlength=bins)[filled] / counts
    observed = np.bincount(place, y_true, minlength=bins)[filled] / counts
    error = float(np.sum(counts * np.abs(stated - observed)) / len(y_true))
    return error, stated, observed, counts


def reliability(y_true, probability, bins=10):
    """Whether 80 % sure is right in 80 of 100 cases, with the number of cases below.

    Args and errors: as `calibration_error`.

    Returns:
        A Matplotlib `Figure`.

    Example:

    >>> reliability([0, 1, 1, 1], [0.1, 0.6, 0.8, 0.9])
    """
    error, stated, observed, counts = calibration_error(y_true, probability, bins)
    figure, (axes, below) = new_figure(
        5.2, 5.4, nrows=2, sharex=True, gridspec_kw={"height_ratios": [3, 1]}
    )
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="calibrated")
    axes.plot(stated, observed, color=PALETTE[0], marker="o", markersize=5, label="this model")
    axes.vlines(stated, stated, observed, color=PALETTE[1], linewidth=1.5, label="gap")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
    tidy(axes, f"Reliability: calibration error {error:.3f}", "", "share of positives", "both")
    centres = (np.minimum((stated * bins).astype("int64"), bins - 1) + 0.5) / bins
    below.bar(centres, counts, width=0.9 / bins, color=PALETTE[0], alpha=0.75)
    for centre, count in zip(centres, counts, strict=True):
        text = f"{count:,}" if count < 10_000 else f"{count / 1000:.0f}k"
        below.text(centre, count, text, ha="center", va="bottom", fontsize=7, color=INK)
    below.set_ylim(0, counts.max() * 1.2)
    tidy(below, "", "predicted probability of positive", "examples")
    return figure


def error_by_length(lengths, correct, bins=8):
    """The error rate of short and long texts, with the range that chance allows.

    Args:
        lengths: of each text, in tokens.
        correct: whether its prediction was right.
        bins: how many groups of about the same number of texts.

    Returns:
        A Matplotlib `Figure`; whiskers are 95 % Wilson intervals.

    Raises:
        ValueError: different lengths, or no examples.

    Example:

    >>> error_by_length([10, 20, 300, 400], [True, True, False, True], bins=2)
    """
    lengths, correct = _same_length(lengths=lengths, correct=correct)
    wrong = 1 - correct.astype("float64")
    edges = np.unique(np.quantile(lengths, np.arange(1, bins) / bins, method="inverted_cdf"))
    group = np.searchsorted(edges, lengths)
    rates, low, high, names = [], [], [], []
    for number in np.unique(group):
        chosen = group == number
        bottom, top = _wilson(wrong[chosen].sum(), chosen.sum())
        rates.append(wrong[chosen].mean())
        low.append(max(rates[-1] - bottom, 0))
        high.append(max(top - rates[-1], 0))
        shortest, longest = lengths[chosen].min(), lengths[chosen].max()
        names.append(f"{shortest:.0f}\u2013{longest:.0f}\nn = {chosen.sum():,}")
    figure, axes = new_figure(max(4.8, 1.0 + 0.85 * len(rates)), 4.0)
    axes.bar(names, 100 * np.array(rates), color=PALETTE[0], alpha=0.85, width=0.7)
    whiskers = 100 * np.array([low, high])
    axes.errorbar(names, 100 * np.array(rates), whiskers, fmt="none", ecolor=INK, capsize=3)
    mean = f"all texts: {wrong.mean():.1%}"
    axes.axhline(100 * wrong.mean(), color=PALETTE[1], linestyle="--", linewidth=1.2, label=mean)
    tidy(axes, "Error by length of the text", "tokens", "wrong predictions, %")
    axes.tick_params(axis="x", labelsize=8)
    axes.set_ylim(0, max(120 * (np.array(rates) + high).max(), 1))
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper right")
    return figure


def _wilson(wrong, count, z=1.96):
    """The 95 % interval of a share."""
    centre = (wrong + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * np.sqrt(wrong * (count - wrong) / count + z * z / 4)
    return centre - half, centre + half


def _same_length(**arrays):
    arrays = {name: np.asarray(array).reshape(-1) for name, array in arrays.items()}
    sizes = {name: len(array) for name, array in arrays.items()}
    if len(set(sizes.values())) != 1 or 0 in sizes.values():
        received = ", ".join(f"{name} of length {size}" for name, size in sizes.items())
        raise ValueError(f"Expected arrays of one length above 0. Received: {received}")
    return arrays.values()
