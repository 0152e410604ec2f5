"""Named entities that were found, missed and made up: scores, and a list of the errors."""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from keras_rnnzoo.tags import LENIENT, Span, TagError, spans
from keras_rnnzoo.training.files import write_atomic

COLUMNS = (
    *("sentence", "kind", "gold_type", "gold_text", "predicted_type", "predicted_text"),
    *("start", "stop", "sentence_text"),
)


class Score(NamedTuple):
    """Precision, recall and F1, and the counts of gold, predicted and correct entities."""

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    correct: int


@dataclass(frozen=True)
class EntityScores:
    """Scores of a tagger; printed, they are a table.

    Attributes:
        micro: `Score` of all entities together.
        macro: mean of the types' scores.
        weighted: their mean by the number of gold entities.
        by_type: `Score` of each type that is gold or predicted, by name.
        accuracy: the share of tokens with the right tag.
        scheme: how the tags were read.
    """

    micro: Score
    macro: Score
    weighted: Score
    by_type: dict
    accuracy: float
    scheme: str

    def to_dict(self):
        """The same as plain dictionaries and numbers, for a JSON file."""
        return {
            "scheme": self.scheme,
            "accuracy": self.accuracy,
            "micro": self.micro._asdict(),
            "macro": self.macro._asdict(),
            "weighted": self.weighted._asdict(),
            "by_type": {kind: score._asdict() for kind, score in self.by_type.items()},
        }

    def __str__(self):
        means = {"micro": self.micro, "macro": self.macro, "weighted": self.weighted}
        width = max(len(name) for name in (*self.by_type, *means))
        lines = [" " * width + "".join(f"{name:>11}" for name in Score._fields)]
        for rows in (self.by_type, means):
            lines += [f"{name:<{width}}" + _row(score) for name, score in rows.items()]
            lines.append("")
        return "\n".join(
            [*lines, f"tags read by {self.scheme}, token accuracy {self.accuracy:.4f}"]
        )


class SpanError(NamedTuple):
    """An entity that was not found as it is, or was found where there is none.

    Attributes:
        sentence: number of the sentence, from 0.
        kind: "missed", "spurious", "wrong type", "wrong span" or "wrong span and type".
        gold, predicted: a `Span`, or `None` where there is none.
        tokens: of the sentence, or `None`.
    """

    sentence: int
    kind: str
    gold: Span | None
    predicted: Span | None
    tokens: list | None = None

    @property
    def start(self):
        """The first token of the two spans together."""
        return min(span.start for span in (self.gold, self.predicted) if span)

    @property
    def stop(self):
        """The token after the last one of the two spans together."""
        return max(span.stop for span in (self.gold, self.predicted) if span)

    def text(self, span):
        """The words of a span; nothing where there is no span or where tokens are not known."""
        return " ".join(self.tokens[span.start : span.stop]) if span and self.tokens else ""


def entity_scores(true, predicted, scheme=LENIENT):
    """Score entities: one is correct if its first token, its last token and its type are.

    Args:
        true, predicted: a list of tags for each sentence.
        scheme: how tags are read, as in `tags.spans`: "conlleval" as the script of that name and
            seqeval by default; "IOB2" and the other schemes strictly, as seqeval with
            `mode="strict"`.

    Returns:
        `EntityScores`. What would be divided by zero is 0.

    Raises:
        ValueError: different numbers of sentences or of tags, tags that cannot be read, an
            unknown scheme.
        TypeError: a string where a list of tags is expected.

    Example:

    >>> scores = entity_scores([["B-PER", "I-PER", "O"]], [["B-PER", "I-PER", "B-PER"]])
    >>> scores.micro.precision, scores.micro.recall
    (0.5, 1.0)
    """
    accuracy = token_accuracy(true, predicted)
    support, found, correct = Counter(), Counter(), Counter()
    for _, gold, ours in _sentences(true, predicted, scheme):
        support.update(span.type for span in gold)
        found.update(span.type for span in ours)
        correct.update(span.type for span in set(gold) & set(ours))
    kinds = sorted({*support, *found})
    by_type = {kind: _score(support[kind], found[kind], correct[kind]) for kind in kinds}
    counts = support.total(), found.total(), correct.total()
    macro = _mean(by_type, dict.fromkeys(kinds, 1), counts)
    weighted = _mean(by_type, support, counts)
    return EntityScores(_score(*counts), macro, weighted, by_type, accuracy, scheme)


def token_accuracy(true, predicted):
    """The share of tokens with the right tag, "O" included; 0 where there are no tokens.

    Args and errors: as `entity_scores`.

    Example:

    >>> token_accuracy([["B-PER", "O"]], [["O", "O"]])
    0.5
    """
    _same_lengths(true, predicted)
    right = sum(a == b for gold, ours in zip(true, predicted) for a, b in zip(gold, ours))
    return right / max(sum(map(len, true)), 1)


def span_errors(true, predicted, tokens=None, scheme=LENIENT):
    """What went wrong, entity by entity.

    An entity stands in one error at most. First those of the same tokens are paired
    ("wrong type"), then those of the same type that share tokens ("wrong span"), then others
    that share tokens ("wrong span and type"), more shared tokens first. The rest is "missed" or
    "spurious".

    Args:
        true, predicted: a list of tags for each sentence.
        tokens: a list of words for each sentence, or `None`.
        scheme: how tags are read, as in `tags.spans`.

    Returns:
        A list of `SpanError`, in the order of the text.

    Raises:
        As `entity_scores`; a `ValueError` also where words and tags differ in number.

    Example:

    >>> [error.kind for error in span_errors([["B-PER", "O"]], [["B-LOC", "O"]])]
    ['wrong type']
    """
    _same_lengths(true, predicted)
    if tokens is not None:
        _same_lengths(true, tokens, "tokens")
    errors = []
    for number, gold, ours in _sentences(true, predicted, scheme):
        words = None if tokens is None else list(tokens[number])
        found = [SpanError(number, *error, words) for error in _pair_up(gold, ours)]
        errors += sorted(found, key=lambda error: (error.start, error.stop))
    return errors


def write_errors(path, errors):
    """Write errors as a table of comma-separated values that is there whole or not at all.

    Args:
        path: of the file; its folder must exist.
        errors: as `span_errors` gives them.

    Example:

    >>> write_errors("errors.csv", span_errors([["B-PER"]], [["O"]], [["Ada"]]))
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for error in errors:
        sides = (error.gold, error.predicted)
        named = [part for span in sides for part in (span.type if span else "", error.text(span))]
        sentence = " ".join(error.tokens or ())
        table.writerow([error.sentence, error.kind, *named, error.start, error.stop, sentence])
    write_atomic(path, text.getvalue())


def _pair_up(gold, predicted):
    """Kind, gold and predicted span of each error of a sentence."""
    gold, predicted = set(gold) - set(predicted), set(predicted) - set(gold)
    pairs = sorted(_overlaps(sorted(gold), sorted(predicted)), key=_closeness)
    for one, two in pairs:
        if one in gold and two in predicted:
            gold.remove(one)
            predicted.remove(two)
            span, kind = one[:2] != two[:2], one.type != two.type
            yield "wrong " + " and ".join(["span"] * span + ["type"] * kind), one, two
    yield from (("missed", span, None) for span in gold)
    yield from (("spurious", None, span) for span in predicted)


def _overlaps(gold, predicted):
    """All pairs that share tokens; one walk, since the spans of either side share none."""
    i = j = 0
    while i < len(gold) and j < len(predicted):
        if max(gold[i].start, predicted[j].start) < min(gold[i].stop, predicted[j].stop):
            yield gold[i], predicted[j]
        if gold[i].stop <= predicted[j].stop:
            i += 1
        else:
            j += 1


def _closeness(pair):
    one, two = pair
    shared = min(one.stop, two.stop) - max(one.start, two.start)
    return one[:2] != two[:2], one.type != two.type, -shared, one.start, two.start


def _sentences(true, predicted, scheme):
    """Number, gold and predicted spans of each sentence."""
    spans([], scheme)  # refuses an unknown scheme where there are no sentences too
    for number, (gold, ours) in enumerate(zip(true, predicted)):
        yield number, _read(gold, scheme, number, "true"), _read(ours, scheme, number, "predicted")


def _read(tags, scheme, number, name):
    try:
        return spans(list(tags), scheme)
    except TagError as error:
        raise TagError(f"In sentence {number} of {name}: {error}", error.position) from None


def _same_lengths(true, other, name="predicted"):
    if len(true) != len(other):
        raise ValueError(
            f"Expected as many sentences in {name} as in true. Received: {len(true)} in true and "
            f"{len(other)} in {name}"
        )
    for number, (gold, ours) in enumerate(zip(true, other)):
        for side, row in (("true", gold), (name, ours)):
            if isinstance(row, str):
                raise TypeError(
                    f"Expected a list for each sentence. Received: {side}[{number}]={row!r}; put "
                    "a single sentence into a list"
                )
        if len(gold) != len(ours):
            raise ValueError(
                "Expected sentences of the same length on both sides. Received: sentence "
                f"{number} of {len(gold)} in true and {len(ours)} in {name}"
            )


def _score(support, predicted, correct):
    precision, recall = correct / max(predicted, 1), correct / max(support, 1)
    f1 = 2 * correct / max(support + predicted, 1)
    return Score(precision, recall, f1, support, predicted, correct)


def _mean(by_type, weights, counts):
    total = max(sum(weights.values()), 1)
    means = (sum(s[k] * weights[kind] for kind, s in by_type.items()) / total for k in range(3))
    return Score(*means, *counts)


def _row(score):
    return "".join(f"{x:>11.4f}" for x in score[:3]) + "".join(f"{n:>11}" for n in score[3:])
