"""Long sequences, cut into windows that follow each other."""

import keras
import numpy as np

from keras_rnnzoo.base.options import boolean, positive_int

_DO = "Give arrays (rows, time, ...), one row for each sequence."


class Segments(keras.utils.PyDataset):
    """Batches for `TruncatedBPTT`: groups of rows, each cut into windows that follow each other.

    Every batch has `batch_size` rows and `window` steps. What a row or a group lacks is filled up
    with zeros that are masked and weigh nothing. With `shuffle`, groups are drawn anew for each
    epoch from `(seed, epoch)`, of rows that last as many windows; windows keep their order.

    Arguments: as in `TruncatedBPTT.fit`.

    Returns:
        Batch k is `(inputs, targets, weights)`, without what was not given. The inputs are a dict:
        `"window"` (batch, window, ...), or a dict of such; `"begins"` bool (batch,), whether the
        group starts here; and, where there is any, `"valid"` and `"resets"` bool (batch, window).
    """

    def __init__(
        self,
        x,
        y=None,
        *,
        window,
        batch_size=32,
        lengths=None,
        resets=None,
        sample_weight=None,
        shuffle=False,
        seed=0,
    ):
        super().__init__()
        if isinstance(x, (list, tuple)):
            raise TypeError(
                "`x` is one array (rows, time, ...), or a dict of such by the names of the inputs. "
                "Pad rows of unequal length with zeros, stack them, and give their `lengths`. "
                f"Received: a {type(x).__name__} of {len(x)}"
            )
        self.x = keras.tree.map_structure(lambda a: _array("x", a), x)
        leaves = keras.tree.flatten(self.x)
        if not leaves:
            raise ValueError(f"Expected at least one array. {_DO} Received: x={x!r}")
        self.rows, self.time = leaves[0].shape[:2]
        for leaf in leaves[1:]:
            self._fits("x", leaf)
        self.y = None if y is None else self._fits("y", _array("y", y))
        self.resets = None if resets is None else self._fits("resets", _array("resets", resets))
        self.lengths = self._lengths(lengths)
        self.weights = None if sample_weight is None else self._per_step(sample_weight)
        self.window = min(positive_int("window", window), int(self.lengths.max()))
        self.batch_size = min(positive_int("batch_size", batch_size), self.rows)
        self.shuffle, self.seed, self.epoch = boolean("shuffle", shuffle), seed, 0
        self._windows = -(-self.lengths // self.window)
        whole = self.lengths[0] % self.window == 0 and self.rows % self.batch_size == 0
        self.padded = not whole or bool((self.lengths != self.lengths[0]).any())
        self._plan()

    # Order ------------------------------------------------------------------------------------

    def _plan(self):
        """Which rows make a group, and which group and window each batch holds."""
        order = np.arange(self.rows)
        random = np.random.default_rng((self.seed, self.epoch))
        if self.shuffle:
            random.shuffle(order)
            order = order[np.argsort(self._windows[order], kind="stable")]
        size = self.batch_size
        self.groups = [order[first : first + size] for first in range(0, self.rows, size)]
        if self.shuffle:
            random.shuffle(self.groups)
        self.places = [
            (group, window)
            for group, rows in enumerate(self.groups)
            for window in range(self._windows[rows].max())
        ]

    @property
    def num_batches(self):
        """Windows in an epoch, the same in each."""
        return len(self.places)

    def set_epoch(self, epoch):
        """Take the order of this epoch, from 0, as a resumed run does."""
        changed, self.epoch = epoch != self.epoch, int(epoch)
        if changed and self.shuffle:
            self._plan()

    # Batches ----------------------------------------------------------------------------------

    def __getitem__(self, index):
        group, number = self.places[index]
        rows, first = self.groups[group], number * self.window
        steps = slice(first, first + self.window)
        inputs = {
            "window": keras.tree.map_structure(lambda a: self._filled(a[rows, steps]), self.x),
            "begins": np.full(self.batch_size, number == 0),
        }
        if self.padded:
            inputs["valid"] = self._filled(np.arange(self.time)[steps] < self.lengths[rows, None])
        if self.resets is not None:
            inputs["resets"] = self._filled(self.resets[rows, steps])
        if self.y is None:
            return (inputs,)
        y = self._filled(self.y[rows, steps])
        if self.weights is None:
            return (inputs, y, inputs["valid"].astype("float32")) if self.padded else (inputs, y)
        weights = self._filled(self.weights[rows, steps])
        return inputs, y, weights * inputs["valid"] if self.padded else weights

    def _filled(self, part):
        """`part` with zeros up to the rows and steps of every batch."""
        shape = (self.batch_size, self.window, *part.shape[2:])
        if part.shape == shape:
            return part
        filled = np.zeros(shape, part.dtype)
        filled[: part.shape[0], : part.shape[1]] = part
        return filled

    def restored(self, outputs):
        """Outputs of all windows as `predict` gives them, as (rows, time, ...); zeros elsewhere."""
        outputs = outputs.reshape(-1, self.batch_size, *outputs.shape[1:])
        whole = np.zeros((self.rows, self.time, *outputs.shape[3:]), outputs.dtype)
        for (group, number), part in zip(self.places, outputs, strict=True):
            rows, first = self.groups[group], number * self.window
            here = part[: len(rows), : self.time - first]
            whole[rows, first : first + here.shape[1]] = here
        return whole

    def position(self, index):
        """In words: which rows and steps batch `index` holds."""
        group, number = self.places[index]
        first = number * self.window
        last = min(first + self.window, int(self.lengths[self.groups[group]].max())) - 1
        rows = ", ".join(map(str, self.groups[group]))
        return f"batch {group} (rows {rows}), window {number} (steps {first} to {last})"

    # Checks -----------------------------------------------------------------------------------

    def _fits(self, name, array):
        if array.shape[:2] != (self.rows, self.time):
            raise ValueError(
                f"`{name}` must begin with the rows and steps of x, ({self.rows}, {self.time}). "
                f"Received: {name}.shape={array.shape}"
            )
        return array

    def _lengths(self, lengths):
        if lengths is None:
            return np.full(self.rows, self.time)
        found = np.asarray(lengths)
        whole = found.shape == (self.rows,) and np.issubdtype(found.dtype, np.integer)
        if not whole or found.min() < 1 or found.max() > self.time:
            raise ValueError(
                f"`lengths` must hold one whole number from 1 to {self.time} for each of the "
                f"{self.rows} rows. Received: lengths={lengths!r}"
            )
        return found

    def _per_step(self, weights):
        weights = np.asarray(weights, "float32")
        if weights.shape == (self.rows,):
            weights = np.broadcast_to(weights[:, None], (self.rows, self.time))
        return self._fits("sample_weight", weights)


def _array(name, value):
    """`value` as an array with rows and time; floats as Keras keeps them."""
    if keras.ops.is_tensor(value):
        value = keras.ops.convert_to_numpy(value)
    if not hasattr(value, "__array__") and not isinstance(value, (list, tuple)):
        raise TypeError(f"`{name}` must be an array. {_DO} Received: {name}={value!r}")
    array = np.asarray(value)
    if array.ndim < 2 or 0 in array.shape[:2]:
        raise ValueError(f"`{name}` needs rows and time. {_DO} Received: shape={array.shape}")
    if np.issubdtype(array.dtype, np.floating):
        array = array.astype(keras.config.floatx(), copy=False)
    return array.astype(bool, copy=False) if name == "resets" else array
