"""How close generated texts are to what people wrote."""


def translation_scores(texts, references):
    """Exact match, BLEU and chrF of texts, each against all its references.

    BLEU (Papineni et al. 2002) and chrF (Popović 2015) are those of SacreBLEU (Post 2018,
    arXiv:1804.08771) with its own settings: corpus BLEU of words cut by its rule 13a, chrF2 of
    characters. Texts are compared as they are given.

    Args:
        texts: a list of strings.
        references: for each text a list of one string or more.

    Returns:
        A dict of floats: `exact`, the share of texts that equal one of their references, and
        `bleu` and `chrf` from 0 to 100.

    Raises:
        ValueError: no texts, lists of different lengths, a text without a reference.
        ImportError: SacreBLEU is missing.

    Example:

    >>> translation_scores(["le chat"], [["le chat", "un chat"]])["exact"]
    1.0
    """
    texts, references = list(texts), [list(each) for each in references]
    if not texts or len(texts) != len(references) or not all(references):
        raise ValueError(
            "Expected texts, and one reference or more for each. Received: "
            f"{len(texts)} texts, {len(references)} lists of references, "
            f"{sum(not each for each in references)} of them empty"
        )
    try:
        import sacrebleu
    except ImportError as error:
        raise ImportError(
            f'BLEU needs SacreBLEU. {error}. Install it: pip install "keras_rnnzoo[examples]"'
        ) from error
    most = max(map(len, references))
    streams = [[each[k] if k < len(each) else None for each in references] for k in range(most)]
    exact = sum(text in each for text, each in zip(texts, references)) / len(texts)
    # `force` silences a warning about texts that look as if they were cut into words already
    bleu = sacrebleu.corpus_bleu(texts, streams, force=True).score
    return {"exact": exact, "bleu": bleu, "chrf": sacrebleu.corpus_chrf(texts, streams).score}
