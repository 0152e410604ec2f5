"""keras_rnnzoo: the zoo of recurrent layers for Keras 3, on TensorFlow, JAX and PyTorch."""

import importlib

try:
    import keras as _keras  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(
        "keras_rnnzoo needs Keras with a backend. Install one: `pip install keras-rnnzoo[jax]`, "
        "`[tensorflow]` or `[torch]`, and choose it with the environment variable KERAS_BACKEND "
        f"before Python starts. Received: {error}"
    ) from error

from keras_rnnzoo import base, cells, crf, hybrids, linear, models, wrappers
from keras_rnnzoo.base import *  # noqa: F403
from keras_rnnzoo.cells import *  # noqa: F403
from keras_rnnzoo.crf import *  # noqa: F403
from keras_rnnzoo.hybrids import *  # noqa: F403
from keras_rnnzoo.linear import *  # noqa: F403
from keras_rnnzoo.models import *  # noqa: F403
from keras_rnnzoo.registry import get, list_layers
from keras_rnnzoo.version import __version__
from keras_rnnzoo.wrappers import *  # noqa: F403

_FOLDERS = ("datasets", "figures", "metrics", "through_time", "training")

__all__ = ["__version__", "get", "list_layers"]
__all__ = __all__ + base.__all__ + cells.__all__ + linear.__all__
__all__ = __all__ + wrappers.__all__ + hybrids.__all__ + crf.__all__ + models.__all__


def __getattr__(name):
    """Folders that need more than Keras and NumPy are imported when they are first used."""
    if name in _FOLDERS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
