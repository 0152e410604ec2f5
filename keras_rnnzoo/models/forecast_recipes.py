"""Settings of forecasters by the length and the step of a series."""

from keras_rnnzoo.models.forecast_training import ForecastRecipe

SEGMENTS = {
    "head": "segments",
    "segment": 24,
    "units": 64,
    "skip": True,
    "channel_dim": 16,
    "dropout": 0.5,
    "calendar": None,  # what hour it is shows in the history; with it validation was worse
}

LINES = tuple((kind, maps) for maps in ("shared", "each") for kind in ("last", "instance"))

LONG = ForecastRecipe(
    SEGMENTS,
    look_back=720,
    epochs=8,
    learning_rate=5e-4,
    batch_size=256,
    average=0.99,
    parts=2,
    sure=0.68,
    skips=LINES,
)
"Some thousand rows, as the hourly ETT sets have: segments beside the best of four straight lines."

BIG = LONG.changed(epochs=12)
"Tens of thousands of rows, as ETTm1 and weather have; an epoch is `WINDOWS` of their windows."

WINDOWS = 60_000

SHORT = ForecastRecipe(
    {"head": "direct", "units": 32, "skip": True, "dropout": 0.1},
    look_back=96,
    epochs=15,
    learning_rate=2e-3,
    batch_size=32,
)
"A few hundred rows: one layer over the steps beside a solved linear skip."


def recipe_for(rows, horizon, season=1, channels=1):
    """The recipe for a series with so many training rows.

    Arguments:
        rows: of the training part of the longest series.
        horizon: steps to forecast.
        season: steps of a season; a short history holds two of them where it can.
        channels: that are forecast.
    """
    if rows >= 5000 and rows >= 4 * (LONG.look_back + horizon):
        parts = round(rows * channels / WINDOWS)
        recipe = LONG if parts <= LONG.parts else BIG.changed(parts=parts)
        return recipe.changed(learning_rate=2e-4) if horizon > 500 else recipe
    wanted = max(2 * season, horizon, 12)
    return SHORT.changed(look_back=int(max(2, min(wanted, SHORT.look_back * 4, rows // 3))))
