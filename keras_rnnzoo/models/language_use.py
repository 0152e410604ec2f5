"""What is asked of a `LanguageModel`: text of its own, and how likely a given text is."""

import itertools
import math

import numpy as np
from keras import ops

from keras_rnnzoo.base.options import positive_int
from keras_rnnzoo.datasets.characters import text_of
from keras_rnnzoo.models.seq2seq_parts import View


class WritesText:
    """What `LanguageModel` knows about characters, writing and scoring."""

    def _know(self, characters):
        text_of("characters", characters)
        if len(set(characters)) != len(characters) or len(characters) < 2:
            raise ValueError(
                "`characters` must hold two or more characters, each once. Received: "
                f"characters={characters!r}"
            )
        self.characters = characters
        self._places = {character: place for place, character in enumerate(characters)}
        # Views hold this model, so Keras must not find them in it.
        object.__setattr__(self, "_views", {})

    def ids(self, text, name="text"):
        """The ids of a text: int32 (length,).

        Raises:
            TypeError: no string.
            ValueError: characters that the model does not know; the message names them.
        """
        text_of(name, text)
        unknown = sorted(set(text) - set(self._places))
        if unknown:
            shown = ", ".join(f"{one!r} (U+{ord(one):04X})" for one in unknown[:10])
            raise ValueError(
                f"`{name}` holds characters that this model does not know: {shown}"
                f"{' and more' if len(unknown) > 10 else ''}. Leave them out or write others, or "
                f"train a model on a text that has them. It knows {self.characters!r}"
            )
        return np.fromiter((self._places[one] for one in text), "int32", len(text))

    def text(self, ids):
        """The text of ids."""
        return "".join(self.characters[place] for place in ids)

    def generate(self, prompt, length, temperature=1.0, top_k=None, seed=None):
        """A text of `length` characters that goes on from `prompt`, without the prompt.

        Arguments:
            prompt: a string of one or more characters that the model knows.
            length: how many characters to write.
            temperature: the logits are divided by it before a character is drawn: below 1 the
                likely ones are drawn more often; 0 always takes the likeliest.
            top_k: only the `top_k` likeliest characters are drawn from; all if `None`.
            seed: of the draws, a whole number from 0; `None` for other draws at every call.

        Raises:
            TypeError: a prompt that is no string.
            ValueError: an empty prompt, characters that the model does not know, numbers that
                cannot be.

        Example:

        >>> model.generate("ROMEO:", 200, temperature=0.8, top_k=20, seed=1)
        """
        length = positive_int("length", length)
        return "".join(itertools.islice(self.stream(prompt, temperature, top_k, seed), length))

    def stream(self, prompt, temperature=1.0, top_k=None, seed=None):
        """As `generate`, one character after the other without an end: an iterator."""
        ids = self.ids(prompt, "prompt")
        if not len(ids):
            raise ValueError(
                "`prompt` must have one character or more to go on from, a line break for "
                "instance. Received: prompt=''"
            )
        choose = Draw(len(self.characters), temperature, top_k, seed)
        return self._written(ids, choose)

    def _written(self, ids, choose):
        view, states = self._view("step"), self._start(1)
        for place in ids:
            found = view.predict_on_batch({"ids": np.array([place], "int32"), "states": states})
            states = found["states"]
        while True:
            place = choose(found["logits"][0])
            yield self.characters[place]
            found = view.predict_on_batch({"ids": np.array([place], "int32"), "states": states})
            states = found["states"]

    def losses(self, text, rows=1, window=500):
        """- log P of every character of a text but the first, the ones before being given.

        Arguments:
            text: a string of two or more characters that the model knows.
            rows: into how many stretches of one length the text is cut, which are read side by
                side and faster. Each begins without a memory of the one before.
            window: how many steps are computed at once; states are carried from one window to the
                next, so it changes the memory that is needed and not the result.

        Returns:
            float64 (length - 1,), in nats.

        Raises:
            TypeError, ValueError: a text or numbers that cannot be.
        """
        ids = self.ids(text)
        count = len(ids) - 1
        if count < 1:
            raise ValueError(
                "`text` must have two characters or more: the first is given, the others are "
                f"scored. Received: text={text!r}"
            )
        rows = min(positive_int("rows", rows), count)
        time = -(-count // rows)
        window = min(positive_int("window", window), time)
        # The last window is filled up, so that all windows are compiled as one.
        whole, pairs = -(-time // window) * window, []
        for part in (ids[:-1], ids[1:]):
            filled = np.zeros((rows, whole), "int32")
            filled[:, :time] = np.resize(part, rows * time).reshape(rows, time)
            pairs.append(filled)
        view, states, found = self._view("losses_of"), self._start(rows), []
        for low in range(0, whole, window):
            x, y = (part[:, low : low + window] for part in pairs)
            said = view.predict_on_batch({"ids": x, "next": y, "states": states})
            states = said["states"]
            found.append(said["losses"].astype("float64"))
        return np.concatenate(found, axis=1)[:, :time].reshape(-1)[:count]

    def nats(self, text, rows=1, window=500):
        """The mean of `losses`: nats per character.

        Example:

        >>> model.nats(parts.validation)
        """
        return float(self.losses(text, rows, window).mean())

    def bits(self, text, rows=1, window=500):
        """Bits per character, `nats` / ln 2."""
        return self.nats(text, rows, window) / math.log(2)

    def _start(self, rows):
        states = self.recurrent.get_initial_state(rows)
        return [ops.convert_to_numpy(state) for state in states]

    def _view(self, method):
        if method not in self._views:
            self._views[method] = View(self, method)
        return self._views[method]


class Draw:
    """Draws one id from logits.

    Arguments:
        count: how many logits there are.
        temperature, top_k, seed: as in `LanguageModel.generate`.

    Call arguments: logits, float (count,). Returns an int.

    Raises:
        ValueError: numbers that cannot be.

    Example:

    >>> Draw(3, temperature=0)(np.array([0.1, 2.0, 1.0]))
    1
    """

    def __init__(self, count, temperature=1.0, top_k=None, seed=None):
        number = isinstance(temperature, (int, float)) and not isinstance(temperature, bool)
        if not number or not 0 <= temperature < math.inf:
            raise ValueError(
                "`temperature` must be a number from 0: 0 takes the likeliest character, 1 draws "
                f"as the model says. Received: temperature={temperature!r}"
            )
        self.top_k = count if top_k is None else positive_int("top_k", top_k)
        if self.top_k > count:
            raise ValueError(
                f"`top_k` must be at most {count}, the number of characters that the model knows, "
                f"or None for all. Received: top_k={top_k!r}"
            )
        if seed is not None and (isinstance(seed, bool) or not hasattr(seed, "__index__")):
            raise ValueError(f"A seed is a whole number from 0. Received: seed={seed!r}")
        if seed is not None and seed < 0:
            raise ValueError(f"A seed is a whole number from 0. Received: seed={seed!r}")
        self.temperature, self.random = temperature, np.random.default_rng(seed)

    def __call__(self, logits):
        logits = np.asarray(logits, "float64")
        best = np.argsort(-logits, kind="stable")[: self.top_k]
        if self.temperature == 0:
            return int(best[0])
        with np.errstate(over="ignore"):  # what is far below the best is never drawn
            shares = np.exp((logits[best] - logits[best[0]]) / self.temperature)
        total = np.cumsum(shares)
        place = np.searchsorted(total, self.random.random() * total[-1], side="right")
        return int(best[min(place, len(best) - 1)])
