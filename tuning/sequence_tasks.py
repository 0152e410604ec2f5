"""Chorales, and the generated tasks that only memory solves."""

from keras_rnnzoo.datasets import memory, music
from keras_rnnzoo.models.predictor_recipes import (
    build_sequence_predictor,
    fit_sequence_predictor,
    recipe_for,
)
from tuning.tasks import Task, forget_start

QUICK = (256, 128, 128)
"Sequences of train, validation and test for a first look."


class SequenceTask(Task):
    """A stack in one direction that predicts at every step, or after the last."""

    def load(self):
        self.data = self.parts()
        self.base = recipe_for(self.data)
        self.steps = max(3, int(self.data.train.lengths.max()))

    def parts(self):
        """The `TaskParts`."""
        raise NotImplementedError

    def defaults(self):
        recipe = self.base
        dropout = recipe.model.get("dropout", 0.0)
        return {"learning_rate": recipe.learning_rate, "clip": recipe.clipnorm, "dropout": dropout}

    def build(self, configuration, seed):
        options = {**self.stack(configuration), "forget_start": forget_start(configuration)}
        return build_sequence_predictor(self.data.train, self.base, seed, **options)

    def fit(self, model, configuration, seed, epochs, callbacks=()):
        parts, recipe = self.data, self.recipe(configuration, epochs)
        history = fit_sequence_predictor(
            model, parts.train, parts.validation, recipe, seed, callbacks=callbacks
        )
        return history["best_epoch"]

    def validate(self, model):
        return model.score(self.data.validation)[self.objective]

    def test(self, model):
        return model.score(self.data.test)


class Music(SequenceTask):
    """Four-part chorales of Bach: which notes sound next."""

    epochs, parameters = 20, 50_000

    def parts(self):
        return music.load("sample" if self.quick else "auto").next_steps()


class Generated(SequenceTask):
    """A generated task by its name in `datasets.memory`."""

    made = ""
    options = {}

    def parts(self):
        return memory.load(self.made, **self.options, **({"sizes": QUICK} if self.quick else {}))


class Adding(Generated):
    made, objective, watched = "adding", "mse", "val_mse"


class Copy(Generated):
    made = "copy_memory"


class Parity(Generated):
    made = "parity"


class Spikes(Generated):
    made = "spike_timing"
