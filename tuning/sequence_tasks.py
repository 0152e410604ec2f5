"""Chorales, and the generated tasks that only memory solves."""

from keras_rnnzoo.datasets import memory, music
from keras_rnnzoo.models.predictor_recipes import (
    RECIPES,
    build_sequence_predictor,
    fit_sequence_predictor,
    recipe_for,
)
from tuning.tasks import Task, forget_start


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

    source, epochs, parameters = "auto", RECIPES["jsb"].epochs, 50_000

    def parts(self):
        return music.load("sample" if self.quick else self.source).next_steps()


class Generated(SequenceTask):
    """A generated task by its name in `datasets.memory`, in the form that its recipe is for."""

    made = ""
    few = {}
    "Options of a first look, beside its numbers of sequences."

    def parts(self):
        few = {"sizes": (256, 64, 64), **self.few}
        return memory.load(self.made, **memory.QUICK[self.made] | (few if self.quick else {}))


class Adding(Generated):
    made, objective, watched = "adding", "mse", "val_mse"
    epochs, few = RECIPES["adding"].epochs, {"length": 20}


class Copy(Generated):
    made, epochs, few = "copy_memory", RECIPES["copy_memory"].epochs, {"delay": 5}


class Parity(Generated):
    made, epochs = "parity", RECIPES["parity"].epochs
    few = {"lengths": (3, 10), "validation_lengths": (3, 20), "test_lengths": (3, 20)}


class Spikes(Generated):
    made, epochs = "spike_timing", RECIPES["spike_timing"].epochs
    few = {"interval": 4, "spikes": 2}
