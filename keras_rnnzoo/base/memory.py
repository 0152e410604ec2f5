"""The states of a stateful layer: variables that trainers carry and weight lists leave out."""

import keras


class StateMemory(keras.layers.Layer):
    """Holds the states of a stateful layer between calls.

    JAX trainers carry only variables that they can list, so the states are listed under
    `variables`. They are no weights: `weights` and saved files are those of a stateless layer, and
    files of one load into the other.

    Arguments:
        states: list of tensors, the first states.
    """

    def __init__(self, states):
        super().__init__(name="memory")
        self.trainable = False
        self.held = [
            self.add_weight(
                name=f"state_{k}",
                shape=state.shape,
                dtype=keras.backend.standardize_dtype(state.dtype),
                initializer="zeros",
                autocast=False,  # a float32 state stays one under mixed precision
                trainable=False,
            )
            for k, state in enumerate(states)
        ]
        self.built = True

    @property
    def weights(self):
        return []

    def save_own_variables(self, store):
        """Nothing: states belong to a sequence, not to a model."""

    def load_own_variables(self, store):
        """Nothing, see `save_own_variables`."""
