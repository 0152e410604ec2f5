"""What a tagger mixes up, what it learned of tags that follow one another, and from how much."""

import numpy as np

from keras_rnnzoo.figures.style import FAINT, GREY, INK, line_look, new_figure, tidy
from keras_rnnzoo.metrics import entity_scores
from keras_rnnzoo.tags import LENIENT, spans

NONE = "none"
MANY = 20  # with more tags, cells hold no numbers
FORBIDDEN = -1e4  # a score that no path pays is how a forbidden transition is written


def type_confusion(true, predicted, scheme=LENIENT):
    """Gold against predicted types of entities, shaded by the share of the gold type.

    Only entities of exactly the same tokens are set against each other. A gold entity without
    such a partner counts as predicted "none", a predicted one as gold "none".

    Args:
        true, predicted: a list of tags for each sentence.
        scheme: how tags are read, as in `tags.spans`.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: as `metrics.entity_scores`, or there is no entity at all.

    Example:

    >>> type_confusion([["B-PER", "O", "B-LOC"]], [["B-LOC", "O", "B-LOC"]])
    """
    counts, names = _confusions(true, predicted, scheme)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.2 + 0.62 * len(names) + 0.07 * max(map(len, names))
    figure, axes = new_figure(side + 0.8, side)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.5 else INK
        share = f"{shares[row, column]:.0%}" if shares[row, column] >= 0.005 else "<1%"
        text = f"{counts[row, column]:,}\n{share}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    right, gold = np.trace(counts), counts[:-1].sum()
    tidy(axes, f"{right:,} of {gold:,} entities found", "predicted", "gold", grid=None)
    _name_cells(axes, names, names)
    _bar(figure, axes, image, "share of the row")
    return figure


def transition_scores(scores, tags, start=None, end=None):
    """How a conditional random field scores one tag after another.

    Args:
        scores: (n, n); entry [i, j] is for tag j after tag i. What is at most -1e4, or minus
            infinity, is shown as forbidden.
        tags: the n names.
        start, end: (n,) scores of the first and the last tag, or `None`.

    Returns:
        A Matplotlib `Figure`.

    Raises:
        ValueError: other shapes, no tags, or scores that are NaN or plus infinity.

    Example:

    >>> transition_scores([[0.5, -1.0], [2.0, 0.1]], ["O", "B-PER"], start=[0.3, -0.2])
    """
    table, rows, columns = _transition_table(scores, list(tags), start, end)
    forbidden = table <= FORBIDDEN
    shown = np.ma.masked_where(forbidden | np.isnan(table), table)
    limit = float(np.abs(shown).max()) if shown.count() else 0.0
    limit = limit or 1.0  # all zero is white, too
    cell = 0.42 if len(tags) <= MANY else 0.2
    margin = 1.6 + 0.07 * max(map(len, rows))
    figure, axes = new_figure(margin + 1.2 + cell * len(columns), margin + cell * len(rows))
    image = axes.imshow(shown, cmap="RdBu", vmin=-limit, vmax=limit)
    for row, column in np.argwhere(forbidden):
        axes.add_patch(_hatched(column, row))
    if len(tags) <= MANY:
        for row, column in np.argwhere(~np.ma.getmaskarray(shown)):
            value = table[row, column]
            colour = "white" if abs(value) > 0.6 * limit else INK
            value = f"{round(value, 1) + 0.0:.1f}"  # no -0.0
            axes.text(column, row, value, ha="center", va="center", color=colour, size=7)
    title = "Transition scores"
    if forbidden.any():
        title += (", " if len(columns) > 5 else "\n") + "hatched: forbidden"
    tidy(axes, title, "next tag", "tag", grid=None)
    _name_cells(axes, rows, columns)
    _bar(figure, axes, image, "score")
    return figure


def data_curve(sizes, scores, metric="F1"):
    """What more training data bring: the mean of several seeds, and their range.

    Args:
        sizes: numbers of training sentences.
        scores: for each model's name one list for each size, of one score for each seed.
        metric: what the scores are.

    Returns:
        A Matplotlib `Figure`; the sizes are on a logarithmic scale where the largest is ten
        times the smallest or more.

    Raises:
        ValueError: no model, sizes that are not above 0 or not rising, another number of lists
            than of sizes, a size without a score, a score that is no finite number.

    Example:

    >>> data_curve([100, 1000], {"BiLSTM-CRF": [[0.31, 0.35], [0.52, 0.5]]})
    """
    sizes = np.asarray(sizes, "float64").reshape(-1)
    if not scores or not len(sizes) or sizes[0] <= 0 or not (np.diff(sizes) > 0).all():
        raise ValueError(
            "Expected rising sizes above 0 and at least one model. Received: "
            f"sizes={sizes.tolist()}, scores of {list(scores)}"
        )
    figure, axes = new_figure(6.4, 4.2)
    for number, (name, lists) in enumerate(scores.items()):
        seeds = [np.asarray(values, "float64").reshape(-1) for values in lists]
        if len(seeds) != len(sizes) or not all(len(s) and np.isfinite(s).all() for s in seeds):
            raise ValueError(
                f"Expected a list of finite scores for each of {len(sizes)} sizes. Received: "
                f"scores[{name!r}]={lists}"
            )
        look = line_look(number)
        mean, low, high = ([f(values) for values in seeds] for f in (np.mean, np.min, np.max))
        axes.fill_between(sizes, low, high, color=look["color"], alpha=0.15, linewidth=0)
        axes.plot(sizes, mean, marker="o", markersize=4, linewidth=1.8, label=name, **look)
    log = sizes[-1] >= 10 * sizes[0]
    axes.set_xscale("log" if log else "linear")
    axes.minorticks_off()
    axes.set_xticks(sizes, _apart(sizes, np.log(sizes) if log else sizes))
    tidy(axes, f"{metric} by amount of training data", "training sentences", metric, "both")
    beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if len(scores) > 5 else {}
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, **beside)
    return figure


def _confusions(true, predicted, scheme):
    """Counts of gold against predicted types, "none" last, and their names."""
    entity_scores(true, predicted, scheme)  # for its errors, which name the sentence
    pairs = []
    for rows in zip(true, predicted):
        gold, ours = ({s[:2]: s.type for s in spans(list(row), scheme)} for row in rows)
        pairs += [(gold.get(place), ours.get(place)) for place in {**gold, **ours}]
    if not pairs:
        raise ValueError(f"Expected at least one entity. Received: {len(true)} sentences of none")
    kinds = sorted({kind for pair in pairs for kind in pair if kind is not None})
    numbers = {kind: number for number, kind in enumerate([*kinds, None])}
    counts = np.zeros((len(numbers), len(numbers)), "int64")
    for one, two in pairs:
        counts[numbers[one], numbers[two]] += 1
    return counts, [*kinds, NONE]


def _transition_table(scores, tags, start, end):
    """Scores with a row for the start and a column for the end, and the names of both sides."""
    n = len(tags)
    given = {"scores": (scores, (n, n)), "start": (start, (n,)), "end": (end, (n,))}
    given = {name: pair for name, pair in given.items() if pair[0] is not None}
    arrays = {name: np.asarray(array, "float64") for name, (array, _) in given.items()}
    for name, array in arrays.items():
        shape = given[name][1]
        if array.shape != shape or not n or np.isnan(array).any() or (array == np.inf).any():
            raise ValueError(
                f"Expected {name} of shape {shape} for {n} tags, at least one, and no score that "
                f"is NaN or infinite. Received: {name} of shape {array.shape}, {array}"
            )
    table = np.full((n + 1, n + 1), np.nan)
    table[0, :n], table[1:, :n] = arrays.get("start", np.nan), arrays["scores"]
    table[1:, n] = arrays.get("end", np.nan)
    table = table[int(start is None) :, : n + (end is not None)]
    return table, ["start"] * (start is not None) + tags, tags + ["end"] * (end is not None)


def _name_cells(axes, rows, columns):
    """A name for each row and column; slanted below, where long ones would run together."""
    turned = {}
    if max(map(len, columns)) > 5:
        turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    if len(columns) > MANY + 2:
        turned = {"rotation": 90}
    axes.set_xticks(range(len(columns)), columns, **turned)
    axes.set_yticks(range(len(rows)), rows)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=7 if len(columns) > MANY + 2 else 9)


def _bar(figure, axes, image, label):
    """The scale of the colours, no longer than it is of use."""
    shrink = min(0.8, 4 / figure.get_figheight())
    bar = figure.colorbar(image, ax=axes, shrink=shrink, aspect=20, label=label)
    bar.outline.set_visible(False)


def _apart(sizes, places):
    """Labels of sizes, without those that the next one would be printed over."""
    labels, free = [], np.inf
    for size, place in zip(sizes[::-1], places[::-1]):
        fits = place <= free
        labels.append(f"{size:,.0f}" if fits else "")
        free = place - 0.08 * (places[-1] - places[0]) if fits else free
    return labels[::-1]


def _hatched(column, row):
    from matplotlib.patches import Rectangle

    place = (column - 0.5, row - 0.5)
    return Rectangle(place, 1, 1, facecolor=FAINT, edgecolor=GREY, hatch="////", linewidth=0)
