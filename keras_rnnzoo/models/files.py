"""One file for a whole model: written in one piece, read with a clear word when it is damaged."""

import os
import zipfile
from functools import partial
from pathlib import Path

import keras

from keras_rnnzoo.base.configurable import CONFIG_VERSION, take_version
from keras_rnnzoo.base.options import OPTIONS


class InOneFile:
    """Mixin for a model: one file for all of it, and options of its cells in its config."""

    def save(self, path, overwrite=True):
        """Write the model and what it knows of words to one `.keras` file, whole or not at all.

        The state of the optimizer, several times the model's own size, stays behind.
        """
        save_bare(self, path, overwrite)

    @classmethod
    def load(cls, path):
        """Read a saved model, ready to use and to train on the running backend.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is damaged, or holds something else.
        """
        model = load_model(Path(path), cls)
        model.compile()
        return model

    def written(self, config):
        """`config` with name and version, and its `cell_options` as Keras writes them."""
        options = {name: _written(name, v) for name, v in (config["cell_options"] or {}).items()}
        options = keras.saving.serialize_keras_object(options or None)
        config = {"name": self.name, **config, "cell_options": options}
        return {**config, "config_version": CONFIG_VERSION}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = take_version(cls, config)
        options = config["cell_options"]
        config["cell_options"] = keras.saving.deserialize_keras_object(options, custom_objects)
        return cls(**config)


def _written(name, value):
    """An option of a cell as Keras reads it back; what a user wrote by hand may lack its module."""
    option = OPTIONS.get(name)
    return option.write(option.read(name, value)) if option else value


def save_whole(save, path, overwrite=True):
    """Save to a file of another name and rename it, so that a kill leaves no half file."""
    path = Path(path)
    if not overwrite and path.exists():
        raise FileExistsError(f"There is a file already. Received: path={path}, overwrite=False")
    if path.suffix != ".keras":
        raise ValueError(f"A model is saved to a file that ends in .keras. Received: path={path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.keras")
    try:
        save(unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def save_bare(model, path, overwrite=True):
    """Save a copy of `model` that was never compiled, so without the state of an optimizer."""
    bare = model.from_config(model.get_config())
    bare.build()
    bare.set_weights(model.get_weights())
    save_whole(partial(keras.Model.save, bare), path, overwrite)


def load_model(path, cls):
    """The model of class `cls` in a file; not compiled, as a file remembers the backend's choices.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or holds something else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no saved {cls.__name__} here. Received: path={path}")
    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read as a saved {cls.__name__}: it is damaged or of another kind. "
            f"Save the model again, or load an earlier copy. Received: {error}"
        ) from error
    if not isinstance(model, cls):
        raise ValueError(f"{path} does not hold a {cls.__name__}. Received: {type(model).__name__}")
    return model
