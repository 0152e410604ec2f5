"""Reviews, named entities and time series: the tasks of the three big examples."""

import dataclasses

import numpy as np

from keras_rnnzoo.datasets import Tagged, forecasting, imdb, ner
from keras_rnnzoo.metrics import entity_scores
from keras_rnnzoo.models import Forecaster, forecast_recipes, forecast_scoring, tagger_recipes
from keras_rnnzoo.models import text_recipes as texts
from keras_rnnzoo.models.forecast_training import build_forecaster, fit_forecaster
from keras_rnnzoo.models.forget_start import start_forget_gates
from keras_rnnzoo.training import BestEpoch
from tuning import spaces
from tuning.tasks import Task, forget_start


def started(model, stack, configuration, steps, seed):
    """The model, its forget gates started as the configuration says."""
    start = forget_start(configuration)
    if start is not None:
        start_forget_gates(stack, start, steps, seed)
    return model


class Reviews(Task):
    """Is a film review positive? The recurrent head alone, as a bag would hide the cells."""

    objective, direction, watched = "accuracy", "max", "val_kept"
    epochs, parameters, joins_directions = 3, 20_000, True
    space = staticmethod(spaces.imdb)
    source, vocabulary = "auto", None

    def load(self):
        reviews = imdb.load(self.source)
        shorten = self.quick and len(reviews.train) > 4000
        self.data = reviews.shortened() if shorten else reviews
        self.base = texts.SAMPLE if reviews.source == "sample" else texts.FEW_REVIEWS
        self.vocabulary = texts.build_classifier(reviews.train.texts, self.base).vocabulary
        halved = 2 if self.base.model.get("halve_time") else 1
        self.steps = 400 // halved

    def defaults(self):
        return {"learning_rate": self.base.learning_rate, "dropout": 0.5}

    def build(self, configuration, seed):
        model = texts.build_classifier(
            self.data.train.texts, self.base, seed, self.vocabulary, **self.stack(configuration)
        )
        return started(model, model.recurrent, configuration, self.steps, seed)

    def fit(self, model, configuration, seed, epochs, callbacks=()):
        best = BestEpoch(lambda: self.validate(model), self.watched, model)
        parts, recipe = self.data, self.recipe(configuration, epochs)
        texts.fit_classifier(
            model, parts.train, parts.validation, recipe, seed, callbacks=[best, *callbacks]
        )
        best.restore()
        return best.epoch

    def validate(self, model):
        return self._accuracy(model, self.data.validation)

    def test(self, model):
        return {"accuracy": self._accuracy(model, self.data.test)}

    def _accuracy(self, model, part):
        said = model.logits(part.texts).sum(-1) > 0
        return float((said == np.asarray(part.labels)).mean())


class Entities(Task):
    """Who, where, what? One network and its CRF."""

    objective, direction, watched = "f1", "max", "val_f1"
    epochs, parameters, joins_directions = 6, 150_000, True
    space = staticmethod(spaces.ner)
    source, steps = "auto", 40

    def load(self):
        corpus = ner.load(self.source)
        if self.quick:

            def head(part, n):
                return Tagged(part.tokens[:n], part.tags[:n])

            parts = {"train": head(corpus.train, 1000), "validation": head(corpus.validation, 300)}
            corpus = dataclasses.replace(corpus, **parts, test=head(corpus.test, 300))
        self.data, base = corpus, tagger_recipes.recipe_for(corpus)
        self.base = dataclasses.replace(base, model={**base.model, "members": 1})

    def defaults(self):
        dropout = self.base.model.get("dropout", 0.5)
        return {"learning_rate": self.base.learning_rate, "dropout": dropout}

    def build(self, configuration, seed):
        options = self.stack(configuration)
        model = tagger_recipes.build_tagger(self.data.train, self.base, seed, **options)
        return started(model, model.network.recurrent, configuration, self.steps, seed)

    def fit(self, model, configuration, seed, epochs, callbacks=()):
        parts, recipe = self.data, self.recipe(configuration, epochs)
        history = tagger_recipes.fit_tagger(
            model, parts.train, parts.validation, recipe, seed, callbacks=callbacks
        )
        return history["best_epoch"]

    def validate(self, model):
        return self._f1(model, self.data.validation)

    def test(self, model):
        return {"f1": self._f1(model, self.data.test)}

    def _f1(self, model, part):
        return entity_scores(part.tags, model.tag_tokens(part.tokens)).micro.f1


class Series(Task):
    """What comes next? A recurrence beside a straight line that is solved for once."""

    source, horizon = "auto", 24
    objective, watched = "mse", "val_loss"
    epochs, parameters = 4, 50_000
    space = staticmethod(spaces.forecasting)

    def load(self):
        self.data = found = forecasting.load(self.source)
        rows = max(len(values) for values in found.series.slice(*found.borders.train).values)
        recipe = forecast_recipes.recipe_for(
            rows, self.horizon, found.season, len(found.series.targets)
        )
        # Cells are told apart by what they gain, be it sure or not.
        self.base = recipe.changed(sure=None, **({"stride": 10, "parts": 1} if self.quick else {}))
        segment = recipe.model.get("segment") or 1
        self.steps = max(3, recipe.look_back // segment)
        self._line = None

    def defaults(self):
        dropout = self.base.model["dropout"]
        return {"learning_rate": self.base.learning_rate, "dropout": dropout}

    def sketch(self, configuration):
        options = {**self.base.model, **self.stack(configuration)}
        train = self.data.series.slice(*self.data.borders.train)
        model = Forecaster.for_series(train, self.base.look_back, self.horizon, **options)
        model.build()
        return model

    def build(self, configuration, seed):
        if self._line is None:  # the solution does not depend on what is recurrent
            found = self.data
            solved = build_forecaster(found.series, self.horizon, self.base, found.borders, seed)
            kind = {name: solved.get_config()[name] for name in ("skip_normalization", "skip_maps")}
            self.base = self.base.changed(model={**self.base.model, **kind}, skips=())
            self._line = solved.skip.get_weights()
        model = self.sketch(configuration)
        model.skip.set_weights(self._line)
        return started(model, model.head.stack, configuration, self.steps, seed)

    def fit(self, model, configuration, seed, epochs, callbacks=()):
        found, recipe = self.data, self.recipe(configuration, epochs)
        rows = found.borders.train, found.borders.validation
        history = fit_forecaster(model, found.series, *rows, recipe, seed, callbacks=callbacks)
        return history["best_epoch"]

    def validate(self, model):
        return self._scores(model, self.data.borders.validation).mse

    def test(self, model):
        scores = self._scores(model, self.data.borders.test)
        return {"mse": scores.mse, "mae": scores.mae}

    def _scores(self, model, rows):
        windows = model.windows(self.data.series, *rows, batch_size=256)
        return forecast_scoring.score_windows(windows, forecast_scoring.of_model(model)).scores


def _series(source):
    return type(f"Series_{source}", (Series,), {"source": source, "__doc__": Series.__doc__})


SERIES = {
    "forecasting": Series,
    **{source: _series(source) for source in forecasting.SOURCES if source != "auto"},
}
