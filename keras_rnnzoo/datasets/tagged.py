"""Tagged sentences, and how their tags come to one scheme."""

from dataclasses import dataclass

from keras_rnnzoo import tags as schemes

LENIENT = "conlleval"


@dataclass(frozen=True)
class Tagged:
    """Sentences as lists of tokens, and as long lists of tags in IOB2.

    Attributes:
        tokens: for each sentence a list of strings.
        tags: for each sentence as many strings: "O", "B-type" or "I-type".
    """

    tokens: list
    tags: list

    def __len__(self):
        return len(self.tokens)

    @property
    def token_count(self):
        """The number of tokens of all sentences."""
        return sum(map(len, self.tokens))

    @property
    def entity_count(self):
        """The number of entities of all sentences."""
        return sum(tag.startswith("B-") for sentence in self.tags for tag in sentence)

    @property
    def types(self):
        """The types of the entities, sorted."""
        return sorted({tag[2:] for sentence in self.tags for tag in sentence if tag != "O"})


def as_iob2(tags, scheme=None, where="sentence {}, token {}".format):
    """Bring the tags of sentences from any scheme to IOB2.

    Args:
        tags: for each sentence a list of tags.
        scheme: as in `read_conll`.
        where: a function of the number of a sentence and of a token in it, for messages.

    Returns:
        For each sentence a list of tags.

    Raises:
        ValueError: an unknown scheme, or a tag that the scheme does not have or not there.

    Example:

    >>> as_iob2([["I-PER", "O"], ["I-PER", "B-PER"]])
    [['B-PER', 'O'], ['B-PER', 'B-PER']]
    """
    if scheme not in (None, LENIENT, *schemes.SCHEMES):
        raise ValueError(
            f"Expected a scheme of {', '.join(schemes.SCHEMES)} or {LENIENT}, or None to find it "
            f"out. Received: scheme={scheme!r}"
        )
    found, because = (scheme, "") if scheme else _detect(tags, where)
    done = []
    for i, sentence in enumerate(tags):
        try:
            done.append(schemes.convert(sentence, found, "IOB2"))
        except schemes.TagError as error:
            raise ValueError(
                f"{where(i, error.position)}: {error}.{because} With scheme={LENIENT!r} any order "
                "of tags is read."
            ) from None
    return done


def _detect(tags, where):
    """The scheme that tags show, and a sentence on why."""
    opened = None
    for i, sentence in enumerate(tags):
        before = ""
        for k, tag in enumerate(sentence):
            prefix, kind = schemes.split_tag(tag)
            if prefix in "SELU":
                scheme = "IOBES" if prefix in "SE" else "BILOU"
                return scheme, f" {scheme} was taken for {tag!r} ({where(i, k)})."
            if prefix == "I" and kind != before and opened is None:
                opened = f" IOB1 was taken for {tag!r}, which begins an entity ({where(i, k)})."
            before = kind
    # In IOB1 the first entity of a sentence begins with I-, in IOB2 none does.
    return ("IOB1", opened) if opened else ("IOB2", "")
