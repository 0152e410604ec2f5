"""What the hybrids compute, in NumPy from the equations of their papers, one sequence at a time."""

import numpy as np


def softmax(e):
    e = np.exp(e - e.max())
    return e / e.sum()


def pooled(w, x, q=None, score="additive", num_heads=1):
    """Bahdanau et al. 2015, Luong et al. 2015 and Yang et al. 2016: (y, α) of `x (time, width)`."""
    vectors, alphas = [], []
    for head in range(num_heads):
        if score == "additive":
            units = w["score_kernel"].shape[1]
            columns = slice(head * units, (head + 1) * units)
            u = x @ w["kernel"][:, columns] + w["bias"][columns]
            if q is not None:
                u = u + q @ w["query_kernel"][:, columns]
            e = np.tanh(u) @ w["score_kernel"][head]
        elif score == "dot":
            e = x @ (w["query"][head] if q is None else q)
        else:
            e = np.array([q @ w["kernel"][head] @ step for step in x])
        alpha = softmax(e)
        alphas.append(alpha)
        vectors.append(sum(weight * step for weight, step in zip(alpha, x)))
    return np.concatenate(vectors), np.stack(alphas)


def convolved(kernel, bias, x, strides=1, dilation=1, padding="same"):
    """relu(conv(x)) of `x (time, width)`; a window begins at every `strides`-th step."""
    size = len(kernel)
    reach = (size - 1) * dilation
    left = reach if padding == "causal" else reach // 2
    rows = []
    for start in range(0, len(x), strides):
        total = bias.copy()
        for tap in range(size):
            place = start - left + tap * dilation
            if 0 <= place < len(x):
                total = total + x[place] @ kernel[tap]
        rows.append(np.maximum(total, 0))
    return np.array(rows)


def self_attended(w, x, seen):
    """Vaswani et al. 2017, section 3.2, of `x (time, width)`; `seen (time, time)` bool."""
    heads = w["query/kernel"].shape[1]
    total, weights = np.zeros_like(x), []
    for head in range(heads):
        q, k, v = (
            x @ w[f"{name}/kernel"][:, head] + w[f"{name}/bias"][head]
            for name in ("query", "key", "value")
        )
        e = np.where(seen, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        alpha = np.stack([softmax(row) for row in e])
        weights.append(alpha)
        total = total + alpha @ v @ w["attention_output/kernel"][head]
    return total + w["attention_output/bias"], np.stack(weights)


def normed(w, name, x):
    """Layer normalisation over the features."""
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3)
    return scaled * w[f"{name}/gamma"] + w[f"{name}/beta"]


def sinusoids(time, width):
    """Vaswani et al. 2017, section 3.5."""
    table = np.zeros((time, width))
    for step in range(time):
        for feature in range(width):
            angle = step / 10000 ** (2 * (feature // 2) / width)
            table[step, feature] = np.cos(angle) if feature % 2 else np.sin(angle)
    return table
