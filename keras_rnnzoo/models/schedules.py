"""The optimizer of all recipes."""

import keras


def optimizer(recipe, steps):
    """Adam, or Nadam, with warm-up, cosine decay, clipped gradients and averaged weights.

    Arguments:
        recipe: has `learning_rate`, its peak, `average` and perhaps `nesterov` and `clipnorm`, the
            norm to which all gradients together are clipped (1), or `None`.
        steps: of the whole training; the first 5 % rise to the peak, the others fall to zero.
    """
    warm = max(1, steps // 20)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 100,
        decay_steps=max(1, steps - warm),
        warmup_target=recipe.learning_rate,
        warmup_steps=warm,
    )
    cls = keras.optimizers.Nadam if getattr(recipe, "nesterov", False) else keras.optimizers.Adam
    return cls(
        schedule,
        global_clipnorm=getattr(recipe, "clipnorm", 1.0),
        use_ema=recipe.average is not None,
        ema_momentum=recipe.average or 0.99,
    )
