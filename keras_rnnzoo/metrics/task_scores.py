"""Scores of predictions for every step, or after the last: exact, and of whole sequences too."""

import numpy as np

OBJECTIVES = {"binary": "nll", "categorical": "nll", "values": "mse"}
"The score that is minimised, by the kind of the outputs."


def task_scores(sequences, raw):
    """Score raw outputs against the targets of sequences, each scored step with the same weight.

    | kind | scores |
    |---|---|
    | "binary" | `nll`: negative log-likelihood in nats, summed over the outputs of a step |
    | "categorical" | `nll`: negative log-likelihood of the class in nats |
    | both | `accuracy`: share of steps with every output right |
    | | `exact`: share of sequences with every scored step right |
    | "values" | `mse`, `mae`: over steps and outputs |

    Args:
        sequences: a `TaskSequences`.
        raw: for each sequence an array like its target: logits, or values. For "categorical" with
            one axis more, the classes.

    Returns:
        A dict of floats.

    Raises:
        ValueError: another number of outputs than of sequences.

    Example:

    >>> task_scores(parts.validation, model.raw(parts.validation))
    {'nll': 8.4, 'accuracy': 0.2, 'exact': 0.0}
    """
    if len(raw) != len(sequences):
        raise ValueError(
            f"Expected outputs for each of the {len(sequences)} sequences. Received: {len(raw)}"
        )
    kind = sequences.kind
    pieces = [_losses(kind, np.asarray(y), np.asarray(z, "float64"))
              for y, z in zip(sequences.targets, raw)]  # fmt: skip
    losses, right = ([np.atleast_1d(piece[k]) for piece in pieces] for k in range(2))
    weights = sequences.weights or [np.ones(len(one)) for one in losses]
    total = sum(w.sum() for w in weights)
    mean = [
        float(sum((w * x).sum() for w, x in zip(weights, xs)) / total) for xs in (losses, right)
    ]
    if kind == "values":
        return {"mse": mean[0], "mae": mean[1]}
    exact = [bool((x[w > 0] > 0).all()) for w, x in zip(weights, right)]
    return {"nll": mean[0], "accuracy": mean[1], "exact": float(np.mean(exact))}


def _losses(kind, y, z):
    """Of each step the loss, and whether all of it is right (for values: the absolute error)."""
    if kind == "values":
        return np.square(z - y).mean(-1), np.abs(z - y).mean(-1)
    if kind == "binary":
        return (np.logaddexp(0, z) - y * z).sum(-1), ((z > 0) == (y > 0)).all(-1)
    top = z.max(-1, keepdims=True)
    logs = z - top - np.log(np.exp(z - top).sum(-1, keepdims=True))
    return -np.take_along_axis(logs, y[..., None], -1)[..., 0], z.argmax(-1) == y


def constant_outputs(train, scored):
    """Raw outputs of the predictor that looks at no input: everywhere the mean target of `train`.

    Args:
        train, scored: `TaskSequences`.

    Returns:
        A list of arrays, one for each sequence of `scored`.
    """
    mean = train.mean_target()
    if train.kind == "values":
        raw = mean
    else:
        mean = np.clip(mean, 1e-6, 1 - 1e-6)
        raw = np.log(mean) - (np.log1p(-mean) if train.kind == "binary" else 0)
    steps = [(n,) if scored.every_step else () for n in scored.lengths]
    return [np.broadcast_to(raw, (*lead, *np.shape(raw))) for lead in steps]


def constant_scores(train, scored):
    """`task_scores` of `constant_outputs`."""
    return task_scores(scored, constant_outputs(train, scored))


def capability_scores(sequences, raw):
    """`task_scores`, and what says whether a task of memory is solved.

    | kind | scores beside those of `task_scores` |
    |---|---|
    | "binary" | `scaled_accuracy`: 2 accuracy - 1, so that a coin has 0 |
    | "values" | `rmse`, and `worst`: the largest absolute error of all |

    Args:
        sequences, raw: as in `task_scores`.

    Returns:
        A dict of floats.

    Example:

    >>> capability_scores(parts.test, model.raw(parts.test))["scaled_accuracy"]
    """
    found = task_scores(sequences, raw)
    if sequences.kind == "binary":
        found["scaled_accuracy"] = 2 * found["accuracy"] - 1
    if sequences.kind == "values":
        errors = [np.abs(np.asarray(z, "float64") - y) for y, z in zip(sequences.targets, raw)]
        found["rmse"] = found["mse"] ** 0.5
        found["worst"] = float(max(error.max() for error in errors))
    return found
