"""What a sweep chooses from, and the width that spends a parameter budget."""

import keras
import keras_tuner
import pytest
from running import on_one_backend

import keras_rnnzoo as zoo
from keras_rnnzoo.models.widths import count_parameters, solve_width
from tuning import spaces

pytestmark = on_one_backend

ALL = ("lstm", "gru", "min_gru", "peephole_lstm")
EVERY = (spaces.sequences, spaces.imdb, spaces.ner, spaces.forecasting)


def drawn(space, choices, **values):
    """`HyperParameters` with all scopes, and the configuration for some values."""
    hp = keras_tuner.HyperParameters()
    space(hp, choices)
    hp.values |= values
    hp.ensure_active_values()
    return hp, space(hp.copy(), choices)


@pytest.mark.parametrize("space", EVERY, ids=lambda space: space.__name__)
def test_a_configuration_is_flat_and_complete(space):
    hp, found = drawn(space, spaces.Choices(ALL, (1, 2, 3), 20_000))
    assert tuple(sorted(found)) == tuple(sorted(spaces.NAMES))
    assert all(value is None or isinstance(value, (str, int, float)) for value in found.values())
    joins = space in (spaces.imdb, spaces.ner)
    assert (found["merge_mode"] is not None) == joins
    assert found["units"] is None and "units" not in hp.values
    low, high = next((h.min_value, h.max_value) for h in hp.space if h.name == "learning_rate")
    assert 1e-4 <= low < high <= 3e-2


def test_choices_that_matter_only_under_another():
    choices = spaces.Choices(ALL, (1, 2), None)
    hp, found = drawn(spaces.sequences, choices, depth=1, cell="lstm", noise="none")
    assert found["connections"] == "none" and "connections" not in hp.values
    assert found["recurrent_dropout"] is found["zoneout"] is None
    assert found["forget_bias"] == "1" and 16 <= found["units"] <= 256
    hp, found = drawn(spaces.sequences, choices, depth=2, cell="gru", noise="zoneout")
    assert "connections" in hp.values and found["forget_bias"] is None
    assert 0.05 <= found["zoneout"] <= 0.4 and found["recurrent_dropout"] is None
    assert not hp.is_active("recurrent_dropout") and not hp.is_active("forget_bias")


def test_a_cell_goes_without_what_it_refuses():
    choices = spaces.Choices(ALL, (1,), 1000)
    for cell, takes in (("min_gru", False), ("gru", True)):
        found = drawn(spaces.sequences, choices, cell=cell, noise="recurrent_dropout")[1]
        assert (found["recurrent_dropout"] is not None) == takes


INCOMPARABLE = {"PhasedLSTM": "the time of each step", "ESN": "none of its weights are trained"}


@pytest.mark.parametrize("name", INCOMPARABLE)
def test_what_cannot_be_compared_is_refused(name):
    with pytest.raises(ValueError, match=f"{INCOMPARABLE[name]}.*Received: {name}"):
        spaces.read_cells(f"gru,{name}")


def test_every_cell_and_choice_can_be_built():
    """Whatever is drawn, the stack takes it."""
    cells = spaces.read_cells("all")
    assert {zoo.get(cell).__name__ for cell in cells} == {*zoo.list_layers()} - {*INCOMPARABLE}
    for cell in cells:
        for noise in spaces.NOISES:
            choices = spaces.Choices(cells, (2,), 1000)
            found = drawn(spaces.sequences, choices, cell=cell, noise=noise)[1]
            rates = ("recurrent_dropout", "zoneout")
            options = {name: found[name] for name in rates if found[name]}
            stack = zoo.StackedRecurrent(cell, 3, 2, cell_options=options)
            stack.build((None, None, 2))


def test_describe_names_all_and_the_conditions():
    hp = drawn(spaces.imdb, spaces.Choices(ALL, (1, 2), None))[0]
    words = spaces.describe(hp)
    assert words["learning_rate"] == "0.0005 to 0.02, log"
    assert words["connections"].endswith("(where depth in 2)")
    assert words["forget_bias"] == "1, 0, chrono (where cell in lstm, peephole_lstm)"


@pytest.mark.parametrize(
    ("text", "found"), [("2", (2,)), ("1-3", (1, 2, 3)), ("4,1,2-2", (1, 2, 4))]
)
def test_depths(text, found):
    assert spaces.read_depths(text) == found


@pytest.mark.parametrize("text", ["", "0", "3-1", "two", "1-", "-1", "1.5"])
def test_depths_that_leave_nothing(text):
    with pytest.raises(ValueError, match="Depths are numbers of layers"):
        spaces.read_depths(text)


def test_cells():
    assert spaces.read_cells("LSTM, peephole_lstm,MinGRU") == ("lstm", "peephole_lstm", "min_gru")
    with pytest.raises(ValueError, match="Did you mean 'peephole_lstm'"):
        spaces.read_cells("lstm,pephole_lstm")
    with pytest.raises(ValueError, match="named twice"):
        spaces.read_cells("lstm,LSTM")
    with pytest.raises(ValueError, match="LSTMCell, which is none"):
        spaces.read_cells("lstm_cell")
    with pytest.raises(ValueError, match="The space is empty"):
        spaces.Choices(spaces.read_cells(","), (1,))


# Widths ----------------------------------------------------------------------------------------


def stack_of(cell, depth, units, connections="none"):
    stack = zoo.StackedRecurrent(cell, units, depth, connections=connections)
    stack.build((None, None, 5))
    return stack


@pytest.mark.parametrize("cell", ["lstm", "intersection_rnn", "min_gru"])
@pytest.mark.parametrize(("depth", "connections"), [(1, "none"), (2, "dense"), (3, "highway")])
def test_the_width_spends_the_budget(cell, depth, connections):
    built = []

    def count(units):
        built.append(units)
        return count_parameters(stack_of(cell, depth, units, connections))

    units, parameters = solve_width(count, 20_000, 0.05)
    assert parameters == stack_of(cell, depth, units, connections).count_params()
    assert abs(parameters - 20_000) <= abs(count(units + 1) - 20_000)
    assert abs(parameters - 20_000) <= abs(count(units - 1) - 20_000)
    assert abs(parameters / 20_000 - 1) < (0.02 if depth < 3 else 0.05)
    assert len(set(built)) <= 7


@pytest.mark.parametrize("count", [lambda u: u**3, lambda u: 7 * u, lambda u: 10 * u * u + 900])
def test_widths_of_any_growing_count(count):
    for budget in (2_000, 50_000):
        units, found = solve_width(count, budget, 0.1)
        assert found == count(units)
        best = min(range(1, 9000), key=lambda u: abs(count(u) - budget))
        assert abs(found - budget) == abs(count(best) - budget)


@pytest.mark.parametrize("budget", [1, 100, 1000])
def test_a_budget_that_no_width_comes_near_to(budget):
    with pytest.raises(ValueError, match=f"parameters={budget:,}; the nearest are .* unit"):
        solve_width(lambda units: 1500 * units, budget)


def test_tables_of_embeddings_do_not_count():
    inputs = keras.Input((None,), dtype="int32")
    table = keras.layers.Embedding(1000, 4)
    frozen = keras.layers.Dense(3, trainable=False)
    model = keras.Model(inputs, frozen(zoo.GRU(5)(table(inputs))))
    assert count_parameters(model) == 3 * 5 * (4 + 5 + 2)
