"""What a clip classifier is made of, in three kinds that share all they can."""

import keras

from keras_rnnzoo.base.options import choice
from keras_rnnzoo.hybrids.conv_rnn_2d import ConvRNN2D
from keras_rnnzoo.hybrids.frame_tower import FrameTower
from keras_rnnzoo.models.text_layers import MaskedPooling
from keras_rnnzoo.wrappers import StackedRecurrent

KINDS = ("conv-rnn", "rnn", "cnn")


class ClipNetwork(keras.layers.Layer):
    """Scaled spectrograms or videos and their mask to logits.

    Frames, of a video or windows of a spectrogram, go through a tower of convolutions; a
    `StackedRecurrent` walks what comes of them; its outputs are pooled over the valid frames, and
    dropout and a dense layer follow. The kind `"rnn"` flattens the frames instead of the tower,
    the kind `"cnn"` pools right after it.

    Arguments:
        options: of `ClipClassifier`, a dict.
        frame: shape of a step of the input: `(bands,)` or `(height, width, channels)`.
        classes: how many.

    Call arguments: values `(batch, time, ...)`, valid steps bool `(batch, time)`.

    Returns logits `(batch, classes)`.
    """

    def __init__(self, options, frame, classes, **kwargs):
        super().__init__(**kwargs)
        self.frame, seed = tuple(frame), options["seed"]
        self.kind = choice("kind", options["kind"], KINDS)
        self.pool = MaskedPooling(options["pooling"], name="pool")
        tower = {name: options[name] for name in ("filters", "kernel_size", "features")}
        cut = {"context": options["context"] if len(self.frame) == 1 else None}
        # Made for every kind, so that a name that cannot be is told whatever the kind.
        recurrent = StackedRecurrent(
            options["cell"],
            options["units"],
            options["depth"],
            connections=options["connections"],
            dropout=options["dropout"],
            bidirectional=options["bidirectional"],
            merge_mode=options["merge_mode"],
            cell_options=options["cell_options"],
            return_sequences=self.pool.pooling != "last",
            seed=seed,
            name="recurrent",
        )
        made = FrameTower(**tower, **cut, name="tower")
        if self.kind == "conv-rnn":
            made = ConvRNN2D(recurrent, **tower, **cut, name="conv_rnn")
        elif self.kind == "rnn":
            made = ConvRNN2D(recurrent, keras.layers.Flatten(), **cut, name="rnn")
        self.body = made
        self.drop = keras.layers.Dropout(
            options["dropout"], seed=None if seed is None else seed + 1
        )
        self.logits = keras.layers.Dense(classes, name="logits")

    def build(self, input_shape=None):
        shape = (None, None, *self.frame)
        self.body.build(shape)
        hidden = self.body.compute_output_shape(shape)
        self.logits.build(hidden if len(hidden) == 2 else self.pool.compute_output_shape(hidden))
        self.built = True

    def call(self, values, valid, training=False):
        y = self.body(values, mask=valid)
        if len(y.shape) == 3:
            tower = self.body if self.kind == "cnn" else self.body.frames
            y = self.pool(y, mask=tower.compute_mask(values, valid))
        return self.logits(self.drop(y, training=training))

    def explain(self):
        """In words: what walks the frames."""
        if self.kind == "cnn":
            return "no recurrence: frames are pooled"
        return self.body.layer.explain_kernel()

    def compute_output_shape(self, values_shape, valid_shape=None):
        return (values_shape[0], self.logits.units)
