"""Cell by option: it acts, and as its oracle says, or it is refused with the reason."""

import functools
import inspect

import numpy as np
import option_oracles
import oracles
import pytest
from all_oracles import STATES
from catalogue import ARCHETYPES, BATCH, CASES, EVERY, FEATURES, SOME, TALLY, TIME
from helpers import BACKEND, MASKS, close, filled, numpy, sequences, states_for, weights_of
from running import FIRST

from keras_rnnzoo import LSTM
from keras_rnnzoo.base.options import OPTIONS

ZONED = [c for c in SOME if c is not TALLY and c.taken(zoneout=0.4)]
VALUES = {
    "activation": "softsign",
    "recurrent_activation": "hard_sigmoid",
    "use_bias": False,
    "kernel_initializer": "ones",
    "recurrent_initializer": "ones",
    "bias_initializer": "ones",
    "kernel_regularizer": "l2",
    "recurrent_regularizer": "l2",
    "bias_regularizer": "l2",
    "kernel_constraint": "non_neg",
    "recurrent_constraint": "non_neg",
    "bias_constraint": "non_neg",
    "dropout": 0.5,
    "recurrent_dropout": 0.5,
    "zoneout": 0.5,
    "layer_norm": True,
    "recurrence": "diagonal",
    "integration": "multiplicative",
    "projection": 2,
    "cell_clip": 0.05,
    "blocks": 2,
}
OTHERWISE = {"recurrence": "block"}  # for a cell whose own default is the value above
REFUSED = {("AntisymmetricRNN", "recurrent_activation"): "acts on the gate alone"}  # in one case
TRAINING = ("dropout", "recurrent_dropout", "zoneout")
START = ("kernel_initializer", "recurrent_initializer", "bias_initializer")


def test_every_standard_option_is_in_the_matrix():
    assert set(VALUES) | {"seed"} == set(OPTIONS)


def signs(layer):
    """Weights that depend on their names and shapes alone, alike in layers of equal weights."""
    for weight in layer.weights:
        size = int(np.prod(weight.shape))
        values = np.sin(np.arange(size) * 1.7 + len(weight.name)).reshape(weight.shape)
        weight.assign(values * 0.7 + 0.2)
    return layer


def options_for(option, cell_class):
    value = VALUES[option]
    if value == cell_class.defaults.get(option):
        value = OTHERWISE[option]
    return {"recurrence": "block", "blocks": value} if option == "blocks" else {option: value}


@pytest.mark.parametrize("option", VALUES)
@pytest.mark.parametrize("case", SOME, ids=str)
def test_option_acts_or_is_refused(case, option, rng):
    cell_class = type(case.cell())
    given = options_for(option, cell_class)
    if option in cell_class.refuses:
        given = {option: given[option]}
        with pytest.raises(ValueError) as error:
            case.layer(**given)
        assert cell_class.refuses[option] in str(error.value)
        assert f"Received: {option}=" in str(error.value)
        assert option not in inspect.signature(type(case.layer())).parameters
        return
    if (str(case), option) in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[str(case), option]):
            case.layer(**given)
        return
    assert option in inspect.signature(type(case.layer())).parameters
    layers = []
    for options in ({}, given):
        layer = case.layer(return_sequences=True, return_state=True, **options)
        layer.build((BATCH, TIME, FEATURES))
        layers.append(layer)
    changed(option, *layers, rng)


def changed(option, plain, layer, rng):
    """`layer` differs from `plain` in what `option` names."""
    role = option.split("_")[0]
    ours = [w for w in layer.weights if w.name.startswith(("kernel", "recurrent_kernel", "bias"))]
    named = [w for w in ours if w.name.split("_kernel")[0].startswith(role)]
    if option in START:
        blocks = np.split(numpy(named[0]), 1 if role != "bias" else len(layer.cell.bias_blocks), -1)
        if role == "bias":  # some blocks start as the cell says
            pairs = zip(layer.cell.bias_blocks, blocks, strict=True)
            blocks = [block for gate, block in pairs if gate not in layer.cell.bias_starts]
            blocks += [numpy(w) for w in layer.weights if w.name.endswith("_bias")]
        assert blocks and all((block == 1.0).all() for block in blocks)
    elif option.endswith("regularizer"):
        signs(layer)
        assert len(layer.losses) >= len(named) > 0
        assert all(w.regularizer is not None for w in named)
    elif option.endswith("constraint"):
        assert len(named) > 0 and all(w.constraint is not None for w in named)
    else:
        x, states = sequences(rng), states_for(plain, rng)
        if option == "projection":
            assert layer(x)[0].shape == (BATCH, TIME, 2)
            assert any(w.name == "projection_kernel" for w in layer.weights)
            return
        training = option in TRAINING
        outputs = [signs(v)(x, initial_state=states, training=training) for v in (plain, layer)]
        difference = np.abs(numpy(outputs[0][0]) - numpy(outputs[1][0]))
        assert difference.max() > 1e-3, f"{option} changes nothing"


# Against the oracles ---------------------------------------------------------------------------

JUDGED = [c for c in CASES if c.name in option_oracles.OPTION_ORACLES]
if BACKEND != FIRST:
    JUDGED = [c for c in ARCHETYPES if c in JUDGED]
COMBINED = {"layer_norm": True, "integration": "multiplicative"}
JUDGED_OPTIONS = [
    {"layer_norm": True},
    {"recurrence": "diagonal"},
    {"recurrence": "block", "blocks": 2},
    {"integration": "multiplicative"},
    {"projection": 2},
    {"cell_clip": 0.3},
    {"zoneout": 0.3},
    {**COMBINED, "recurrence": "block", "blocks": 2, "projection": 2},
    {**COMBINED, "recurrence": "diagonal", "zoneout": 0.2},
    {"integration": "multiplicative", "use_bias": False, "zoneout": 0.4},
]


def option_oracle(case, layer, options):
    """`(step, weights, arguments of the step)` for a cell with options."""
    step = functools.partial(option_oracles.OPTION_ORACLES[case.name], **dict(case.own))
    known = ("layer_norm", "recurrence", "integration", "cell_clip")
    own = {name: options[name] for name in known if name in options}
    if "zoneout" in options:
        names = STATES[case.name]
        step = option_oracles.zoneout(step, names)
        rates = options["zoneout"]
        own["rates"] = rates if isinstance(rates, dict) else dict.fromkeys(names, rates)
    return step, weights_of(layer), own


@pytest.mark.parametrize("options", JUDGED_OPTIONS, ids=str)
@pytest.mark.parametrize("case", JUDGED, ids=str)
def test_options_are_those_of_the_oracle(case, options, rng):
    if "cell_clip" in options and case.name == "GRU":
        pytest.skip("refused: no c")
    layer = case.layer(return_sequences=True, return_state=True, **options)
    filled(layer, rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    step, w, own = option_oracle(case, layer, options)
    expected = oracles.run(step, w, x, states, MASKS, **own)
    got = layer(x, initial_state=states, mask=MASKS)
    close(got, [expected["outputs"], *expected["states"]])


@pytest.mark.parametrize("training", [False, True], ids=["expected", "drawn"])
@pytest.mark.parametrize("case", ZONED, ids=str)
def test_zoneout_is_that_of_the_oracle(case, training, rng, monkeypatch):
    """Of every cell: states are mixed or kept, the output is that of the new states."""
    layer = filled(case.layer(return_sequences=True, return_state=True, zoneout=0.4), rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    drawn = layer.cell.draw_zoneout(len(MASKS), TIME)
    monkeypatch.setattr(layer.cell, "draw_zoneout", lambda *_: drawn)
    names = layer.cell.states
    zoned = layer.cell.zoneable or names
    step = option_oracles.zoneout(case.oracle(), names)
    keep = {f"keep_{n}": numpy(v).swapaxes(0, 1) * 1.0 for n, v in drawn.items()}
    own = {"per_step": keep} if training else {"rates": dict.fromkeys(zoned, 0.4)}
    expected = oracles.run(step, weights_of(layer), x, states, MASKS, **own)
    for _ in range(2):
        got = layer(x, initial_state=states, mask=MASKS, training=training)
        close(got, [expected["outputs"], *expected["states"]])
        layer.return_sequences = False
        expected["outputs"] = expected["outputs"][:, -1]


@pytest.mark.parametrize("case", JUDGED, ids=str)
def test_noise_is_that_of_the_oracle(case, rng, monkeypatch):
    """In training: one recurrent mask a sequence, one zoneout mask a step and state."""
    rates = {"h": 0.4} if case.name == "GRU" else {"h": 0.4, "c": 0.6}
    layer = case.layer(
        return_sequences=True, return_state=True, recurrent_dropout=0.5, zoneout=rates
    )
    filled(layer, rng)
    x, states = sequences(rng, len(MASKS)), states_for(layer, rng, len(MASKS))
    drawn = {}
    for name in ("draw_dropout", "draw_zoneout"):
        draw = getattr(layer.cell, name)
        monkeypatch.setattr(layer.cell, name, lambda *a, n=name, d=draw: drawn.setdefault(n, d(*a)))
    got = layer(x, initial_state=states, mask=MASKS, training=True)
    _, masks = drawn["draw_dropout"]
    assert numpy(masks[0]).shape == (len(MASKS), layer.cell.units)
    own = {"recurrent_mask": numpy(masks[0])}
    if dict(case.own).get("peephole") == "full":
        own["peephole_masks"] = [
            numpy(masks[f"peephole_kernel_{gates}"]) for gates in ("if", "if", "o")
        ]
    keep = {f"keep_{n}": numpy(v).swapaxes(0, 1) for n, v in drawn["draw_zoneout"].items()}
    step, w, _ = option_oracle(case, layer, {"zoneout": rates})
    step = functools.partial(step, **own)
    expected = oracles.run(step, w, x, states, MASKS, per_step=keep)
    close(got, [expected["outputs"], *expected["states"]])


# Noise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_masks_differ_between_calls_and_vanish_at_inference(case, rng):
    options = case.taken(dropout=0.4, zoneout=0.4, recurrent_dropout=0.4)
    layer = filled(case.layer(return_sequences=True, **options), rng)
    x = sequences(rng)
    first, second = (numpy(layer(x, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    close(layer(x), layer(x, training=False), 0)
    state = numpy(layer.cell.seed_generator.state.value)
    layer(x)
    assert (numpy(layer.cell.seed_generator.state.value) == state).all(), "inference drew noise"
    expected = {k: v for k, v in options.items() if k == "zoneout"}
    still = filled(case.layer(return_sequences=True, **expected), np.random.default_rng(7))
    still.set_weights(layer.get_weights())
    close(layer(x), still(x), 1e-6)


def test_equal_seeds_repeat_and_others_do_not(rng):
    x = sequences(rng)
    results = []
    for seed in (1, 1, 2):
        layer = LSTM(4, dropout=0.5, recurrent_dropout=0.3, zoneout=0.2, seed=seed)
        results.append(numpy(signs_built(layer)(x, training=True)))
    close(results[0], results[1], 0)
    assert np.abs(results[0] - results[2]).max() > 1e-3


def signs_built(layer):
    layer.build((BATCH, TIME, FEATURES))
    return signs(layer)


def test_dropout_masks_have_the_right_scale_and_rate():
    cell = LSTM(400, dropout=0.25, recurrent_dropout=0.6, zoneout={"c": 0.3}).cell
    cell.build((None, 500))
    inputs, recurrent = cell.draw_dropout(100)
    for mask, rate, shape in (
        (inputs, 0.25, (100, 1, 500)),
        (recurrent[0], 0.6, (100, 400)),
    ):
        drawn = numpy(mask)
        assert drawn.shape == shape
        kept = drawn[drawn > 0]
        close(kept, np.full_like(kept, 1 / (1 - rate)), 1e-6)
        assert abs(drawn.mean() - 1.0) < 0.02
        assert abs((drawn == 0).mean() - rate) < 0.01
    zone = cell.draw_zoneout(50, 20)
    assert set(zone) == {"c"} and zone["c"].shape == (50, 20, 400)
    assert abs(numpy(zone["c"]).mean() - 0.3) < 0.01
    steps = numpy(zone["c"])
    assert (steps[:, 0] != steps[:, 1]).any(), "one zoneout mask served two steps"


def test_zoneout_by_state(rng):
    """A rate for c alone leaves h alone, and a rate of nought is none."""
    x, rates = sequences(rng), ({"c": 0.5}, {"h": 0.5}, {"h": 0.0, "c": 0.0}, 0.0)
    layers = [LSTM(4, return_state=True, zoneout=rate) for rate in rates]
    for layer in layers:
        signs_built(layer)
    only_c, only_h, zero, none = (numpy(list(layer(x[:, :1]))) for layer in layers)
    close(zero, none, 1e-6)
    close(only_c[1], none[1], 1e-6)  # h after one step does not see the zoned c
    close(only_c[2], 0.5 * none[2], 1e-6)
    close(only_h[1], 0.5 * none[1], 1e-6)
    close(only_h[2], none[2], 1e-6)
    close(only_h[0], none[0], 1e-6)  # the output is that of the un-zoned state


@pytest.mark.parametrize("case", [ARCHETYPES[1], TALLY], ids=str)
def test_signatures_of_a_class_and_of_a_layer_are_two(case):
    """`inspect` and what traces a callable ask the layer how it is called."""
    layer = case.layer()
    for made, first in ((layer, "sequences"), (layer.cell, "args")):
        assert "units" in inspect.signature(type(made)).parameters
        assert next(iter(inspect.signature(made).parameters)) == first
