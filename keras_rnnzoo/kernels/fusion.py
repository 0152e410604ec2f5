"""Which cells a backend's own fused layer computes, and why it does not compute the rest."""

from keras import activations

BACKENDS = {"torch": "PyTorch's own fused layer"}

_GATED = {"activation": (activations.tanh,), "recurrent_activation": (activations.sigmoid,)}
FAMILIES = {
    "lstm": _GATED,
    "gru": {**_GATED, "reset_after": (True,)},
    "rnn": {"activation": (activations.tanh, activations.relu)},
}
_PLAIN = {
    "layer_norm": (False,),
    "recurrence": ("dense",),
    "integration": ("sum",),
    "projection": (None,),
    "cell_clip": (None,),
    "zoneout_rates": ({},),
}


def why_not(cell, backend):
    """Why `backend` has no fused layer that computes `cell`; empty where it has one."""
    if backend not in BACKENDS:
        return f"no fused kernel is used on {backend}"
    if cell.family is None:
        return "no fused kernel exists for this cell"
    if cell.compute_dtype not in ("float32", "float64"):
        return f"the fused kernel is not used in {cell.compute_dtype}"
    for name, plain in {**_PLAIN, **FAMILIES[cell.family]}.items():
        if getattr(cell, name) not in plain:
            return f"`{name.removesuffix('_rates')}` changes the step"
    return ""
