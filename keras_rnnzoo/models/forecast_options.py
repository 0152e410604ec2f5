"""Options of the forecaster that do not go together, told when it is made."""

from keras_rnnzoo.base.options import choice, positive_int


def names_of(option, names, least=0):
    """A tuple of column names, each given once."""
    names = (names,) if isinstance(names, str) else tuple(str(name) for name in names)
    if len(names) < least or len(set(names)) != len(names):
        raise ValueError(
            f"`{option}` must name each column once{', and one at least' if least else ''}. "
            f"Received: {option}={names!r}"
        )
    return names


def read_scaler(given):
    """A `SeriesScaler`, from its config or as it is."""
    if given is None or hasattr(given, "transform"):
        return given
    from keras_rnnzoo.datasets.scaling import SeriesScaler

    return SeriesScaler.from_config(given)


def read_calendar(given):
    """A `Calendar`, from its config or as it is."""
    if given is None or hasattr(given, "features"):
        return given
    from keras_rnnzoo.datasets.calendar import Calendar

    return Calendar.from_config(given)


def check_options(given, scaler):
    """Refuse what cannot be, with the reason and the way out.

    Raises:
        ValueError: as said.
    """
    choice("channels", given["channels"], ("shared", "joint"))
    if given["channel_dim"] != 0:
        positive_int("channel_dim", given["channel_dim"])
        if given["channels"] == "joint":
            raise ValueError(
                "`channel_dim` tells channels apart that share weights; joint ones differ anyway. "
                f"Received: channels='joint', channel_dim={given['channel_dim']}"
            )
    choice("skip_maps", given["skip_maps"], ("shared", "each"))
    kinds = ("last", "instance", "none")
    if given["skip_normalization"] is not None:
        choice("skip_normalization", given["skip_normalization"], kinds)
    positive_int("members", given["members"])
    if given["members"] > 1 and given["head"] == "autoregressive":
        raise ValueError(
            "`members` average what they say of the whole horizon, while head='autoregressive' "
            "reads its own steps. Use head='direct' or 'segments', or one member. Received: "
            f"members={given['members']}"
        )
    _check_head(given)
    if given["output"] == "negative_binomial":
        wanted = {"normalization": ("mean", "none"), "skip": (False,)}
        wrong = [k for k, allowed in wanted.items() if given[k] not in allowed]
        if wrong or scaler is not None:
            raise ValueError(
                "output='negative_binomial' counts: use normalization='mean' (or 'none'), no skip "
                "and no scaler, so that the network sees counts. Received: "
                + ", ".join(f"{k}={given[k]!r}" for k in (*wanted, "scaler"))
            )
    elif given["normalization"] == "mean" and scaler is not None:
        raise ValueError(
            "normalization='mean' divides by the mean of a history that is never negative, which "
            f"a scaler makes so. Use scaler=None. Received: scaler={scaler!r}"
        )


def _check_head(given):
    if given["segment"] is not None:
        segment = positive_int("segment", given["segment"])
        if given["head"] != "segments":
            raise ValueError(
                "`segment` is an option of head='segments'. "
                f"Received: head={given['head']!r}, segment={segment}"
            )
        if segment > given["look_back"]:
            raise ValueError(
                "A segment must fit into the history. Received: "
                f"segment={segment}, look_back={given['look_back']}"
            )
    if given["head"] == "autoregressive":
        if given["past"]:
            raise ValueError(
                "head='autoregressive' reads covariates at each step of the horizon, where past "
                "ones are not known. Use head='direct' or 'segments', or leave them out. "
                f"Received: past={tuple(given['past'])!r}"
            )
        if given["look_back"] < 2:
            raise ValueError(
                "head='autoregressive' needs two steps of history or more. "
                f"Received: look_back={given['look_back']}"
            )
