"""Series to forecasts: a linear map and a recurrent network beside it, with scaler and calendar."""

import inspect

import keras
from keras import ops

from keras_rnnzoo.base.configurable import register
from keras_rnnzoo.base.options import positive_int, rate, refuse_unknown
from keras_rnnzoo.models import forecast_heads as heads
from keras_rnnzoo.models.files import InOneFile
from keras_rnnzoo.models.forecast_loss import ForecastError, ForecastLoss
from keras_rnnzoo.models.forecast_options import check_options, names_of, read_calendar, read_scaler
from keras_rnnzoo.models.forecast_outputs import make_output
from keras_rnnzoo.models.forecast_parts import LinearSkip, Sizes, WindowNormalization
from keras_rnnzoo.models.forecast_use import Forecasts


class Forecaster(Forecasts, InOneFile, keras.Model):
    """Forecasts one or several series from their own past and from covariates.

    A window of the history is normalised; a recurrent **head** reads it and gives what the output
    needs for each step of the horizon. With `skip=True` a linear map of the normalised history is
    added to the forecast, so that the recurrence only has to learn what a straight line misses.

    Arguments:
        look_back, horizon: steps read and steps forecast.
        targets: names of the columns that are forecast.
        past, future, static: names of covariates known up to now, ahead, and of each series.
        cell, units, depth, connections, cell_options: of the `StackedRecurrent`.
        head: `"direct"` (all steps at once from the last output), `"segments"` (SegRNN: segments
            in, all segments of the horizon decoded at once by position) or `"autoregressive"`
            (DeepAR: step after step).
        segment: steps of a segment; by default 24, or a quarter of a short history.
        channels: `"shared"` forecasts each target from its own past with the same weights,
            `"joint"` all from all.
        channel_dim: width of a vector that tells shared channels apart; 0 for none.
        normalization: of each window: `"last"`, `"instance"`, `"mean"` or `"none"`.
        skip: whether there is a linear skip; `fit_ridge` solves for it.
        skip_normalization: of the windows that it sees; by default as `normalization`.
        skip_maps: `"shared"` for one map, `"each"` for one of each target.
        skip_trainable: whether training moves it further.
        members: heads that are trained side by side and averaged; not for autoregressive ones.
        output: `"point"`, `"quantiles"`, `"gaussian"`, `"student_t"` or, for counts,
            `"negative_binomial"`.
        levels: of the quantiles.
        loss: of point forecasts: `"mse"`, `"mae"` or `"huber"`.
        dropout: between the layers of the stack and in front of the last layer.
        scaler, calendar, frequency: what raw series are scaled with, what is known of their stamps
            and how far these lie apart; `Forecaster.for_series` takes them from a series.
        seed: of the dropout. Weights start by `keras.utils.set_random_seed`, as in any layer.

    Call arguments:
        inputs: a dict as `ForecastWindows` gives it: `"history" (batch, look_back, channels)` and,
            where the model has them, `"past"`, `"known"`, `"static"`, `"channel"`; `"target"
            (batch, horizon, channels)` to train an autoregressive head.

    Returns the parameters of the output, `(batch, horizon, channels, count)`, in scaled units.

    Raises:
        ValueError: an option cannot be, or does not go with another.

    Example:

    >>> model = Forecaster.for_series(train, look_back=96, horizon=24, output="quantiles")
    >>> model.fit(train, validation=validation, epochs=5)
    >>> model.predict(series).interval(0.8)
    """

    def __init__(
        self,
        look_back,
        horizon,
        targets=("y",),
        past=(),
        future=(),
        static=(),
        cell="gru",
        units=64,
        depth=None,
        connections="none",
        cell_options=None,
        head="direct",
        segment=None,
        channels="shared",
        channel_dim=0,
        normalization="last",
        skip=False,
        skip_normalization=None,
        skip_maps="shared",
        skip_trainable=False,
        members=1,
        output="point",
        levels=None,
        loss=None,
        dropout=0.0,
        scaler=None,
        calendar=None,
        frequency=None,
        seed=None,
        **kwargs,
    ):
        given = dict(locals())
        of_keras = ["name", "dtype", "trainable"]
        refuse_unknown(type(self), kwargs, [*of_keras, *_options()], of_keras)
        super().__init__(**kwargs)
        self.look_back = positive_int("look_back", look_back)
        self.horizon = positive_int("horizon", horizon)
        self.targets = names_of("targets", targets, least=1)
        self.past, self.future = names_of("past", past), names_of("future", future)
        self.static = names_of("static", static)
        self.scaler, self.calendar = read_scaler(scaler), read_calendar(calendar)
        self.frequency = frequency
        self.output_kind = make_output(output, levels, loss)
        check_options(given, self.scaler)
        self._config = {name: given[name] for name in _options()}
        self._make(given, rate("dropout", dropout))

    def _make(self, given, dropout):
        extra = len(self.static) + given["channel_dim"]
        known = len(self.future) + (len(self.calendar.names) if self.calendar else 0)
        self.sizes = Sizes(
            self.look_back,
            self.horizon,
            1 if given["channels"] == "shared" else len(self.targets),
            self.output_kind.count,
            len(self.past),
            known,
            extra,
        )
        self.normalise = WindowNormalization(given["normalization"], name="normalise")
        self.skip = None
        if given["skip"]:
            self.skip = LinearSkip(
                self.look_back,
                self.horizon,
                given["skip_normalization"] or given["normalization"],
                len(self.targets) if given["skip_maps"] == "each" else None,
                name="skip",
            )
            self.skip.trainable = bool(given["skip_trainable"])
        self.channel_vectors = None
        if given["channel_dim"]:
            self.channel_vectors = keras.layers.Embedding(
                len(self.targets), given["channel_dim"], name="channel_vectors"
            )
        self.heads = heads.make_heads(self.sizes, given, dropout)

    @property
    def head(self):
        """The first of the heads, which is the only one unless there are several `members`."""
        return self.heads[0]

    @property
    def autoregressive(self):
        """Whether each step of a forecast reads the one before."""
        return isinstance(self.head, heads.AutoregressiveHead)

    @property
    def channels(self):
        """`"shared"` or `"joint"`."""
        return self._config["channels"]

    def build(self, input_shape=None):
        for head in self.heads:
            head.build()
        if self.skip is not None:
            self.skip.build()
        if self.channel_vectors is not None:
            self.channel_vectors.build((None,))
        self.built = True

    def call(self, inputs, training=False):
        history, scale, shift = self.normalise(ops.cast(inputs["history"], self.compute_dtype))
        extra = self.extra(inputs)
        if self.autoregressive and "target" in inputs:
            target = (ops.cast(inputs["target"], history.dtype) - shift) / scale
            raw = self.head(history, inputs, extra, target=target, training=training)
            return self.finish(raw, *self.base(inputs, scale, shift), scale, shift)
        if self.autoregressive:
            return self.unrolled(history, inputs, extra, scale, shift)
        raws = [head(history, inputs, extra, training=training) for head in self.heads]
        base = self.base(inputs, scale, shift)
        if training and len(raws) > 1:  # each learns for itself, see `ForecastLoss`
            return ops.stack([self.finish(raw, *base, scale, shift) for raw in raws], axis=1)
        return self.finish(sum(raws[1:], raws[0]) / len(raws), *base, scale, shift)

    def base(self, inputs, scale, shift):
        """The linear forecast and its spread, both as the network sees its window: normalised."""
        history = ops.cast(inputs["history"], self.compute_dtype)
        if self.skip is not None:
            each = inputs["channel"] if self.channels == "shared" and self.skip.maps else None
            said, spread = self.skip(history, each)
            return (said - shift) / scale, spread
        zero = ops.repeat(ops.zeros_like(history[:, :1]), self.horizon, axis=1)
        return zero, ops.ones((1, self.horizon, 1), zero.dtype)

    def finish(self, raw, base, spread, scale, shift):
        """Raw numbers and the linear forecast to parameters in the units of the inputs."""
        parameters = self.output_kind.parameters(raw, base, spread)
        return self.output_kind.in_units(parameters, scale, shift)

    def extra(self, inputs):
        """What stays the same for a window: static covariates and the vector of its channel."""
        parts = []
        if self.static:
            parts.append(ops.cast(inputs["static"], self.compute_dtype))
        if self.channel_vectors is not None:
            vectors = self.channel_vectors(inputs["channel"])
            parts.append(vectors)
        if not parts:
            return None
        return ops.concatenate(parts, -1) if len(parts) > 1 else parts[0]

    def unrolled(self, history, inputs, extra, scale, shift, steps=None, draw=None, states=None):
        """Parameters of each step of an autoregressive head, each fed with the one before.

        Arguments:
            steps: how many, those of the model by default.
            draw: gives the value `(batch, 1, channels)` that is fed on for parameters in the units
                of the inputs; by default their mean.
            states: of the stack after all of the history but its last step, if they are known.
        """
        states = self.head.encode(history, inputs, extra) if states is None else states
        before, found = history[:, -1:], []
        base, spread = self.base(inputs, scale, shift)
        for step in range(steps or self.horizon):
            raw, states = self.head.decode(before, states, inputs, extra, step)
            at = min(step, self.horizon - 1)  # further steps have no skip, whose line is flat zero
            linear = [part[:, at : at + 1] for part in (base, spread)]
            found.append(self.finish(raw, *linear, scale, shift))
            value = self.output_kind.mean(found[-1]) if draw is None else draw(found[-1])
            before = (ops.cast(value, history.dtype) - shift) / scale
        return ops.concatenate(found, axis=1)

    def answer(self, carried, inputs, steps=None):
        """Parameters for a history that a stream has read, which keeps the head's `carried`.

        For an autoregressive head without it the history is read now, for any number of steps.
        """
        history, scale, shift = self.normalise(ops.cast(inputs["history"], self.compute_dtype))
        extra = self.extra(inputs)
        if self.autoregressive:
            return self.unrolled(history, inputs, extra, scale, shift, steps, states=carried)
        raw = self.head.answer(carried, inputs)
        return self.finish(raw, *self.base(inputs, scale, shift), scale, shift)

    def compute_output_shape(self, input_shape):
        return (input_shape["history"][0], self.horizon, self.sizes.channels, self.sizes.count)

    def compile(self, optimizer="adam", loss=None, weighted_metrics=None, **kwargs):
        """As `keras.Model.compile`; the loss of the output and its mean unless told otherwise."""
        metrics = weighted_metrics
        if metrics is None:
            metrics = [ForecastError(self.output_kind, name="error")]
        super().compile(
            optimizer, loss or ForecastLoss(self.output_kind), weighted_metrics=metrics, **kwargs
        )

    def get_config(self):
        config = {**self._config, "targets": list(self.targets), "frequency": self.frequency}
        config |= {name: list(getattr(self, name)) for name in ("past", "future", "static")}
        for name in ("scaler", "calendar"):
            held = getattr(self, name)
            config[name] = held.to_config() if held is not None else None
        return self.written(config)

    @classmethod
    def sample(cls):
        """A small one."""
        return cls(8, 3, units=4)


def _options():
    """The names of the options of `Forecaster`."""
    parameters = inspect.signature(Forecaster.__init__).parameters
    return [name for name in parameters if name not in ("self", "kwargs")]


register(Forecaster)
