"""PPMI vectors: the formula on a corpus small enough to write out, and sensible neighbours."""

import numpy as np

from keras_rnnzoo.datasets import Vocabulary
from keras_rnnzoo.datasets.word_vectors import _cooccurrence, _ppmi, ppmi_vectors


def test_counts_weigh_the_distance_and_stop_at_the_end_of_a_text():
    vocabulary = Vocabulary(["a", "b", "c"])
    rows = [vocabulary.ids(["a", "b", "a"]), vocabulary.ids(["c", "?", "b"])]
    near = _cooccurrence(rows, vocabulary, window=2).toarray()[2:, 2:]
    # a-b twice at distance 1; a-a at distance 2, in both directions; c-b at distance 2
    np.testing.assert_allclose(near, [[1.0, 2.0, 0.0], [2.0, 0.0, 0.5], [0.0, 0.5, 0.0]])


def test_ppmi_is_the_formula():
    from scipy import sparse

    counts = np.array([[0.0, 4.0, 1.0], [4.0, 0.0, 0.0], [1.0, 0.0, 2.0]])
    of_context = counts.sum(0) ** 0.75
    with np.errstate(divide="ignore"):
        expected = np.log(counts * of_context.sum() / np.outer(counts.sum(1), of_context))
    found = _ppmi(sparse.csr_matrix(counts), 0.75).toarray()
    np.testing.assert_allclose(found, np.maximum(expected, 0), rtol=1e-6)


def test_words_of_one_use_are_near_and_have_one_length():
    random = np.random.default_rng(0)
    kinds = {"animal": ["cat", "dog", "cow"], "tool": ["saw", "axe", "file"]}
    verbs = {"animal": ["eats", "sleeps"], "tool": ["cuts", "rusts"]}
    texts = []
    for _ in range(300):
        kind = random.choice(list(kinds))
        texts.append(f"the {random.choice(kinds[kind])} {random.choice(verbs[kind])} today")
    vocabulary = Vocabulary.fit(texts)
    vectors = ppmi_vectors(texts, vocabulary, width=6, seed=1)
    np.testing.assert_array_equal(vectors, ppmi_vectors(texts, vocabulary, width=6, seed=1))
    np.testing.assert_allclose(np.linalg.norm(vectors[2:], axis=1), 0.8, rtol=1e-5)
    assert not vectors[:2].any()
    cat, dog, saw = vectors[vocabulary.ids(["cat", "dog", "saw"])]
    assert cat @ dog > 0.9 * 0.64 and cat @ dog > cat @ saw + 0.3
