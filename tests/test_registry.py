"""What exists can be listed, found by name, and sampled."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

import keras_rnnzoo as zoo
from keras_rnnzoo.registry import KINDS, kind_of, snake_case

SAMPLED = [name for kind in ("combiner", "hybrid", "model") for name in zoo.list_layers(kind)]


def inputs_of(layer):
    """What one call of a sample takes."""
    if isinstance(layer, zoo.SequenceTagger):
        return (layer.batches([["Kim", "left"], ["Rome"]], batch_size=2)[0][0],)
    x = np.linspace(-1, 1, 2 * 5 * 4, dtype="float32").reshape(2, 5, 4)
    if isinstance(layer, zoo.EvidenceClassifier):
        return (layer.batches(["a good film", "bad"], batch_size=2)[0][0],)
    if isinstance(layer, zoo.Seq2Seq):
        return ({"source": np.array([[4, 5, 3], [5, 3, 0]]), "target": np.array([[2, 4], [2, 5]])},)
    if isinstance(layer, zoo.LanguageModel):
        return (np.array([[2, 3, 0], [1, 0, 0]], "int32"),)
    if isinstance(layer, zoo.Forecaster):
        return ({"history": x.reshape(5, 8, 1)},)
    if isinstance(layer, zoo.ClipClassifier):
        return ({"values": x, "mask": np.ones((2, 5), bool)},)
    if isinstance(layer, (zoo.SequenceClassifier, zoo.SequencePredictor)):
        return ({"values": x[..., :2], "mask": np.ones((2, 5), bool)},)
    if isinstance(layer, keras.Model):
        return ({"words": np.array([[2, 3, 0], [1, 0, 0]], "int32")},)
    if isinstance(layer, zoo.HierarchicalAttention):
        return (np.stack([x, x[:, ::-1], 2 * x], axis=1),)
    return (x, x[:, ::-1]) if isinstance(layer, zoo.Merge) else (x,)


def test_every_exported_class_has_a_kind_and_is_listed_once():
    exported = {name for name in zoo.__all__ if inspect.isclass(getattr(zoo, name))}
    listed = [name for kind in KINDS for name in zoo.list_layers(kind)]
    assert sorted(listed) == sorted(exported)
    assert all(kind_of(getattr(zoo, name)) for name in exported)


def test_layers_and_cells_come_in_pairs():
    cells = {zoo.get(name).cell_class.__name__ for name in zoo.list_layers()}
    assert cells == set(zoo.list_layers("cell")) == {f"{name}Cell" for name in zoo.list_layers()}


@pytest.mark.parametrize("name", zoo.list_layers() + zoo.list_layers("cell"))
def test_names_are_found_in_either_spelling(name):
    assert zoo.get(name) is zoo.get(snake_case(name)) is getattr(zoo, name)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'peephole_lstm'.*Received: 'pephole_lstm'"):
        zoo.get("pephole_lstm")
    with pytest.raises(ValueError, match="Did you mean 'combiner'"):
        zoo.list_layers("combiners")


@pytest.mark.parametrize("name", SAMPLED)
def test_samples_run_and_come_back_from_config_and_file(name, tmp_path):
    sample = zoo.get(name).sample()
    arguments = inputs_of(sample)
    outputs = ops.convert_to_numpy(sample(*arguments))
    assert np.isfinite(outputs).all() and np.abs(outputs).max() > 0
    config = sample.get_config()
    assert type(sample).from_config(config).get_config() == config
    if isinstance(sample, keras.Model):
        sample.save(tmp_path / "model.keras")
        loaded = type(sample).load(tmp_path / "model.keras")
    else:
        keras_inputs = [keras.Input((*[None] * (x.ndim - 2), x.shape[-1])) for x in arguments]
        model = keras.Model(keras_inputs, sample(*keras_inputs))
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        arguments = ([*arguments],)  # a model takes its inputs as one list
    np.testing.assert_allclose(ops.convert_to_numpy(loaded(*arguments)), outputs, atol=1e-6)


def test_public_folders_are_imported_when_they_are_used():
    assert zoo.training.set_seed and zoo.figures.save and zoo.datasets.Vocabulary
    with pytest.raises(AttributeError, match="no attribute 'trainning'"):
        zoo.trainning  # noqa: B018
