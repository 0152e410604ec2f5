"""Word vectors from the training texts alone: which words stand near which."""

import numpy as np

from keras_rnnzoo.datasets.text import UNKNOWN, tokenize


def ppmi_vectors(texts, vocabulary, width=64, window=6, power=0.75, length=0.8, seed=0):
    """Word vectors by a singular value decomposition of co-occurrence.

    **Equations**

        n_wc  = Σ 1/k over all pairs of words w, c that stand k ≤ window apart
        PPMI  = max(0, log(n_wc N / (n_w n_c^power))),   N = Σ n_c^power
        U S V = svd(PPMI),  vectors = rows of U √S, scaled to one length

    Args:
        texts: training texts.
        vocabulary: a `Vocabulary`; padding and unknown words get zeros.
        width: of the vectors.
        window: how far two words may stand apart.
        power: flattens the frequencies of contexts, so that rare ones count less.
        length: of each vector.
        seed: of the randomised decomposition.

    Returns:
        float32 array (vocabulary.size, width).

    Raises:
        ImportError: scikit-learn is missing.

    Reference: Levy, Goldberg and Dagan, TACL 3 (2015), section 3.
    """
    try:
        from sklearn.utils.extmath import randomized_svd
    except ModuleNotFoundError as error:
        raise ImportError(
            "Word vectors need scikit-learn: pip install scikit-learn, or train without them "
            "(word_vectors=False)."
        ) from error
    near = _cooccurrence([vocabulary.ids(tokenize(text)) for text in texts], vocabulary, window)
    positive = _ppmi(near, power)
    rank = min(width, vocabulary.size - 1)
    u, s, _ = randomized_svd(positive, n_components=rank, n_iter=3, random_state=seed)
    vectors = np.zeros((vocabulary.size, width), "float32")
    vectors[:, :rank] = u * np.sqrt(s)
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= length / np.where(norm > 0, norm, 1)
    vectors[: UNKNOWN + 1] = 0
    return vectors


def _cooccurrence(rows, vocabulary, window):
    """Symmetric counts of listed words near each other, the nearer the heavier."""
    from scipy import sparse

    gap = np.full(window, UNKNOWN, "int32")  # no pair reaches from one text to the next
    words = np.concatenate([part for row in rows for part in (row, gap)])
    shape = (vocabulary.size, vocabulary.size)
    near = sparse.csr_matrix(shape, dtype="float32")
    for k in range(1, window + 1):
        left, right = words[:-k], words[k:]
        listed = (left != UNKNOWN) & (right != UNKNOWN)
        weight = np.full(int(listed.sum()), 1 / k, "float32")
        near = near + sparse.coo_matrix((weight, (left[listed], right[listed])), shape).tocsr()
    return near + near.T


def _ppmi(near, power):
    near = near.tocoo()
    of_word = np.asarray(near.sum(1)).ravel()
    of_context = np.asarray(near.sum(0)).ravel() ** power
    information = np.log(near.data * of_context.sum() / (of_word[near.row] * of_context[near.col]))
    keep = information > 0
    near.data = information
    near.data[~keep] = 0
    near = near.tocsr()
    near.eliminate_zeros()
    return near
