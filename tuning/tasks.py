"""What a task is to a sweep: data, a model for a configuration, one fit, one score.

Adapters alone: the data, models and recipes are those of `keras_rnnzoo`, as the examples use them.
"""

from types import SimpleNamespace

from keras_rnnzoo.base.options import nearest
from keras_rnnzoo.models.widths import count_parameters, solve_width
from tuning import spaces


class Task:
    """What the sweep asks of a task; the class of each task says the rest.

    Arguments:
        quick: whether to take fewer data, for a first look.

    Example:

    >>> task = task_of("parity", quick=True)
    >>> task.load()
    >>> model = task.build(task.default("lstm"), seed=0)
    """

    name = ""
    objective, direction = "nll", "min"
    watched = "val_nll"
    "Name of the validation score in the logs of an epoch."
    epochs, parameters = 10, 20_000
    "What a sweep takes unless told otherwise."
    space = staticmethod(spaces.sequences)
    joins_directions = False
    steps = None
    "Of the longest dependency, for the chrono start; known when the data are."

    def __init__(self, quick=False):
        self.quick = quick
        self._widths = {}

    def load(self):
        """Read or make the data; says what they are in a printed line."""
        raise NotImplementedError

    def build(self, configuration, seed):
        """A built model, its weights started by the seed."""
        raise NotImplementedError

    def fit(self, model, configuration, seed, epochs, callbacks=()):
        """Train, keep the best epoch, and return its number: 0 is the start."""
        raise NotImplementedError

    def validate(self, model):
        """The validation score, for a model whose start was better than each epoch."""
        raise NotImplementedError

    def test(self, model):
        """Scores of the test part by name, that of the objective among them."""
        raise NotImplementedError

    def defaults(self):
        """What the recipe of the task has where a space lets one choose."""
        raise NotImplementedError

    # What all share --------------------------------------------------------------------------

    def default(self, cell, units=None):
        """The configuration of a cell that nothing was chosen for."""
        common = dict.fromkeys(spaces.NAMES)
        common |= {"cell": cell, "depth": 1, "units": units, "connections": "none", "clip": 1.0}
        common["merge_mode"] = "concat" if self.joins_directions else None
        common["forget_bias"] = "1" if spaces.has_forget_gates(cell) else None
        return common | self.defaults()

    def sized(self, configuration, parameters):
        """The configuration with the width that spends a parameter budget.

        Raises:
            ValueError: no width does.
        """
        if parameters is None:
            return configuration
        shape = ("cell", "depth", "connections", "merge_mode")
        key = (*(configuration[name] for name in shape), parameters)
        if key not in self._widths:
            plain = {**self.default(configuration["cell"]), "forget_bias": None}
            plain |= {name: configuration[name] for name in shape}
            self._widths[key] = solve_width(
                lambda units: count_parameters(self.sketch({**plain, "units": units})),
                parameters,
                tolerance=0.1,  # three layers of few units; what is spent stands in the log
            )[0]
        return {**configuration, "units": self._widths[key]}

    def sketch(self, configuration):
        """A model to count the parameters of; cheaper than `build` where that is slow."""
        return self.build(configuration, seed=0)

    def stack(self, configuration):
        """Options of a model from a configuration, as all models name them."""
        options = {name: configuration[name] for name in ("units", "depth", "connections")}
        options |= {"cell": configuration["cell"], "dropout": configuration["dropout"] or 0.0}
        if self.joins_directions:
            options["merge_mode"] = configuration["merge_mode"]
        noise = ("recurrent_dropout", "zoneout")
        cell = {name: configuration[name] for name in noise if configuration[name]}
        return {**options, "cell_options": cell}

    def recipe(self, configuration, epochs):
        """The task's recipe with what was chosen for the training."""
        changes = {"learning_rate": configuration["learning_rate"], "epochs": epochs}
        changes["clipnorm"] = configuration["clip"]
        return SimpleNamespace(**(vars(self.base) | changes))


def forget_start(configuration):
    """A number, `"chrono"` or `None`, as `models.forget_start` takes it."""
    start = configuration["forget_bias"]
    return start if start in (None, "chrono") else float(start)


def task_of(name, quick=False):
    """The task of a name.

    Raises:
        ValueError: there is none, with the nearest that there is.

    Example:

    >>> task_of("parity").objective
    'nll'
    """
    from tuning.all_tasks import TASKS

    known = {task.lower(): task for task in TASKS}
    if name.lower() not in known:
        raise ValueError(
            f"Expected one of the tasks {', '.join(TASKS)}.{nearest(name, TASKS)} "
            f"Received: task={name!r}"
        )
    task = TASKS[known[name.lower()]](quick)
    task.name = known[name.lower()]
    return task
