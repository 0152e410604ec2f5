"""What the caller of a whole model hands to the recurrent layers inside it, and takes from them."""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from keras import ops

_current = ContextVar("passage", default=None)


class Visit(NamedTuple):
    """One call of a recurrent layer, in the order in which it walks time."""

    layer: Any
    sequences: Any
    mask: Any
    start: list
    final: list
    reset: Any = None


class Passage:
    """One pass of sequences through a model, whose recurrent layers take part in it.

    Within the context, a recurrent layer starts from the states given here, starts anew where
    `resets` is true, adds the nudges to its states at each step, and leaves a `Visit`.

    Arguments:
        states: dict of layers to lists of initial states.
        resets: `(batch, time)` bool, or `None`.
        nudges: dict of layers to dicts of `(batch, time, ...)` by the name of a state.
        mask: `(batch, time)` bool, steps that no layer walks, beside those that its own mask names.

    Example:

    >>> layer = keras_rnnzoo.LSTM(4)
    >>> with Passage() as passage:
    ...     y = layer(np.zeros((2, 7, 5), "float32"))
    >>> [h.shape for h in passage.visits[0].final]
    [(2, 4), (2, 4)]
    """

    def __init__(self, states=None, resets=None, nudges=None, mask=None):
        self.states = states or {}
        self.resets = resets
        self.nudges = nudges or {}
        self.mask = mask
        self.visits = []

    def __enter__(self):
        self._token = _current.set(self)
        return self

    def __exit__(self, *_):
        _current.reset(self._token)

    def steps(self, layer):
        """What `layer` adds to its states at each step, by the name that `advance` knows."""
        nudges = self.nudges.get(layer, {})
        return {f"nudge_{name}": ops.convert_to_tensor(value) for name, value in nudges.items()}


def current():
    """The innermost open `Passage`, or `None`."""
    return _current.get()


def resets_within(resets):
    """`resets` as they were given, or those of the open passage."""
    through = current()
    return through.resets if resets is None and through else resets


def mask_within(mask):
    """`mask` as it was given, joined with that of the open passage."""
    through = current()
    if through is None or through.mask is None:
        return mask
    outer = ops.cast(through.mask, "bool")
    return outer if mask is None else ops.logical_and(ops.cast(mask, "bool"), outer)


@contextmanager
def mask_taken():
    """Within, the passage has no mask: a layer that turns its sequences has joined it before."""
    through = current()
    mask = through.mask if through else None
    try:
        if through:
            through.mask = None
        yield
    finally:
        if through:
            through.mask = mask
