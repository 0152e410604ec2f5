"""What comes next? A recurrent network beside a straight line forecasts time series.

    python examples/forecasting.py --quick                 # a minute or two, any machine
    python examples/forecasting.py --data ETTh1 --horizon 96
    python examples/forecasting.py --output quantiles --cell peephole_lstm
    python examples/forecasting.py --csv my.csv --time date --target y --horizon 24
    python examples/forecasting.py --load runs/.../model.keras --csv my.csv --time date --target y

ETTh1 is used when it is prepared or can be downloaded; without either the run falls back to the
CO2 series that statsmodels brings, and says so in its first line. A run that was killed goes on
with --resume. Everything a run makes is in its folder: config, environment, history, scores,
forecasts, figures and the model.

Scores are those of data z-scored by the training part, over every window of the test part.
"""

import argparse
import dataclasses
import sys
import time
from functools import partial
from pathlib import Path

import keras_rnnzoo as zoo
from keras_rnnzoo import figures, training
from keras_rnnzoo.datasets import forecasting
from keras_rnnzoo.models import Forecaster, forecast_baselines, forecast_scoring
from keras_rnnzoo.models.forecast_heads import HEADS
from keras_rnnzoo.models.forecast_outputs import OUTPUTS
from keras_rnnzoo.models.forecast_recipes import recipe_for
from keras_rnnzoo.models.forecast_training import (
    build_forecaster,
    fit_forecaster,
    scaled_values,
    sized,
)
from keras_rnnzoo.models.widths import count_parameters
from keras_rnnzoo.training.files import write_atomic

RECORDS = Path(__file__).parent / "results" / "forecasting.jsonl"
LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--data", default="auto", help=f"{', '.join(forecasting.SOURCES)}")
    p.add_argument("--data-dir", help="where the data lie, or shall be prepared")
    p.add_argument("--csv", help="your own file, instead of --data")
    p.add_argument("--time", help="its column of dates")
    p.add_argument("--target", nargs="+", help="its columns to forecast; default: all numbers")
    p.add_argument("--id", help="its column that tells several series apart")
    for name, words in (("past", "up to now"), ("future", "ahead"), ("static", "of a series")):
        p.add_argument(f"--{name}", nargs="+", default=[], help=f"its columns known {words}")
    p.add_argument("--frequency", help="of its rows (h, 15min, D, MS); default: what it shows")
    p.add_argument("--sort", action="store_true", help="bring its rows into the order of time")
    p.add_argument("--horizon", type=int, default=24, help="steps to forecast")
    p.add_argument("--look-back", type=int, help="steps of history; default: the recipe's")
    p.add_argument("--cell", default="gru", help="any of keras_rnnzoo.list_layers()")
    p.add_argument("--depth", type=int, default=1, help="recurrent layers")
    p.add_argument("--units", type=int, help="default: the recipe's")
    p.add_argument("--parameters", type=int, help="a budget that the units are solved for")
    p.add_argument("--head", choices=HEADS, help="default: the recipe's")
    p.add_argument("--output", default="point", choices=tuple(OUTPUTS))
    p.add_argument("--no-skip", action="store_true", help="the recurrence alone, no straight line")
    p.add_argument("--epochs", type=int, help="default: the recipe's")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--quick", action="store_true", help="few epochs and every tenth window")
    p.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    p.add_argument("--out", type=Path, help="folder of the run (default: runs/forecast-...)")
    p.add_argument("--load", type=Path, help="a saved model to forecast with, not to train")
    args = p.parse_args()
    if args.horizon < 1:
        p.error(f"--horizon must be 1 or more. Received: {args.horizon}")
    zoo.get(args.cell)  # a misspelt name is told at once, not after the data are read
    return args


def load(args):
    """The set that the command line names."""
    names = ("time", "id", "past", "future", "static", "frequency", "sort")
    reading = {"targets": args.target, **{name: getattr(args, name) for name in names}}
    reading = {name: value for name, value in reading.items() if value}
    windows = {"horizon": args.horizon, "look_back": args.look_back or 1}
    return forecasting.load(args.csv or args.data, args.data_dir, **windows, **reading)


def settings(args, found):
    """The recipe for a series this long, with what the command line changes."""
    rows = max(len(values) for values in found.series.slice(*found.borders.train).values)
    recipe = recipe_for(rows, args.horizon, found.season, len(found.series.targets))
    model = {"cell": args.cell, "depth": args.depth, "output": args.output}
    model |= {"units": args.units} if args.units else {}
    if args.head and args.head != recipe.model["head"]:
        model |= {"head": args.head, "segment": None}
    counts = args.output == "negative_binomial"
    model |= {"normalization": "mean"} if counts else {}
    model |= {"skip": False} if counts or args.no_skip else {}
    given = {"epochs": args.epochs, "look_back": args.look_back}
    changes = {name: value for name, value in given.items() if value is not None}
    if args.quick:
        changes = {"epochs": min(recipe.epochs, 3), "stride": 10, "parts": 1, **changes}
    recipe = recipe.changed(model={**recipe.model, **model}, **changes)
    return sized(recipe, found.series, args.horizon, args.parameters) if args.parameters else recipe


def train(model, found, recipe, seed, run):
    """Fit the forecaster; a killed run goes on at its epoch."""
    history = fit_forecaster(
        model,
        found.series,
        *found.borders[:2],
        recipe,
        seed=seed,
        checkpoint=lambda variables: training.Checkpoint(run.checkpoint, variables=variables),
        callbacks=[training.Progress()],
    )
    best = history.pop("best_epoch")
    print(f"The best epoch on validation is {best}" + (", the start" if best == 0 else ""))
    run.save_history(history)
    model.save(run.path / "model.keras")
    return history


def row_of(name, scored, seconds):
    """One line of the table."""
    scores = scored.scores
    row = {"model": name, "mse": scores.mse, "mae": scores.mae, "seconds": round(seconds, 1)}
    if scores.wql is not None:
        row |= {"wql": scores.wql, "coverage_80": scores.intervals[0.8].coverage}
    return row


def evaluate(model, found, part, levels):
    """Scores of the model, and of its linear skip alone, on a part."""
    windows = model.windows(found.series, *getattr(found.borders, part), batch_size=256)
    ours = forecast_scoring.score_windows(windows, forecast_scoring.of_model(model, levels))
    if model.skip is None:
        return ours, None
    return ours, forecast_scoring.score_windows(windows, forecast_scoring.of_skip(model))


def baselines(model, found, levels):
    """Name, scores on the test part and seconds of every plain forecast."""
    windows = model.windows(found.series, *found.borders.test, batch_size=256, channels="joint")
    values, rows = scaled_values(model, found.series), found.borders[:2]
    plain, ridge = dict(forecast_baselines.BASELINES), forecast_baselines.Ridge
    if levels:
        plain["ridge, spread as in training"] = partial(ridge, residuals="training")
    for name, make in plain.items():
        start = time.time()
        baseline = make(**({"season": found.season} if name in ("seasonal naive", "ETS") else {}))
        if model.look_back < baseline.least:
            print(f"{name} is left out: it needs a look-back of {baseline.least} steps or more")
            continue
        baseline.fit(values, model.look_back, model.horizon, *rows)
        forecast = forecast_scoring.of_baseline(baseline, model.horizon, levels)
        yield name, forecast_scoring.score_windows(windows, forecast), time.time() - start


def compare(model, found, args, seconds):
    """All rows of the table, the gain over the linear skip, and the errors by horizon."""
    levels = None if args.output == "point" else LEVELS
    validation = evaluate(model, found, "validation", levels)[0]
    ours, skip = evaluate(model, found, "test", levels)
    rows = [row_of(describe(args), ours, seconds) | {"validation_mse": validation.scores.mse}]
    errors, lower = {describe(args): ours.scores.by_horizon["mae"]}, None
    if skip is not None:
        rows.append(row_of("its linear skip alone", skip, 0.0))
        lower = forecast_scoring.differences(ours, skip)
    for name, scored, took in baselines(model, found, levels):
        rows.append(row_of(name, scored, took))
        if name in forecast_baselines.BASELINES:  # other spreads have the same points
            errors[name] = scored.scores.by_horizon["mae"]
    return rows, lower, errors, ours


def describe(args):
    """What is recurrent, in a few words."""
    name = f"{args.depth} x {zoo.get(args.cell).__name__}"
    return name if args.no_skip else f"{name} beside a linear skip"


def reaches_ahead(model, found):
    """Whether all that is known ahead is there for a forecast from the end; if not, say so."""
    try:
        model.windows(found.series, ahead=True)
    except ValueError as error:
        print(f"No forecast.csv, as nothing can be forecast from the end of the series: {error}")
        return False
    return True


def draw(model, found, args, history, errors, ours, run):
    """Every figure of the run, and the forecasts from the end of the series."""
    start, stop = found.borders.test
    shown = found.series.slice(None, stop)
    test = model.backtest(found.series, start, stop, stride=model.horizon)
    own = [name for name in errors if name.startswith(f"{args.depth} x")]
    plain = [name for name in errors if name not in own]
    residuals = (test.truth - test.forecast.point)[test.origins[:, 0] == 0][:, :, 0].reshape(-1)
    last = shown.slice(None, -model.horizon)
    pictures = {
        "learning_curves": figures.learning_curves(history),
        "forecast": model.predict(last).plot(shown),
        "rolling_forecasts": test.plot(),
        "error_by_horizon": figures.error_by_horizon(errors, plain),
        "residuals": figures.residuals(residuals),
    }
    if ours.scores.intervals:
        pairs = sorted((c, score.coverage) for c, score in ours.scores.intervals.items())
        windows = ours.scores.windows
        pictures["calibration"] = figures.calibration(*zip(*pairs), windows, kind="intervals")
    for name, figure in pictures.items():
        figures.save(figure, run.figures / f"{name}.png")
    if reaches_ahead(model, found):
        ahead = model.predict(found.series).frame(() if args.output == "point" else LEVELS)
        write_atomic(run.path / "forecast.csv", ahead.to_csv(index=False))


def report(description, rows, lower, span):
    """The scores of all models in one table, and what the recurrence adds."""
    probabilistic = "wql" in rows[0]
    head = f"{'MSE':>9}{'MAE':>9}" + (f"{'wQL':>9}{'in 80 %':>9}" if probabilistic else "")
    print(f"\n{description}\n{'test part, z-scored':<36}{head}{'s':>7}")
    for row in rows:
        cells = f"{row['mse']:>9.4f}{row['mae']:>9.4f}"
        if probabilistic:
            more = [row.get("wql"), row.get("coverage_80")]
            cells += "".join(" " * 9 if cell is None else f"{cell:>9.4f}" for cell in more)
        print(f"{row['model']:<36}{cells}{row['seconds']:>7.0f}")
    if lower:
        mean, low, high = forecast_scoring.gain([lower], span)
        words = "no gain is shown" if low <= 0 <= high else "a gain" if low > 0 else "a loss"
        print(
            f"The recurrence takes {mean:.4f} off the MSE of the linear skip "
            f"(95 % interval over windows {low:.4f} to {high:.4f}: {words})."
        )


def predict(args):
    """Forecast what follows a series with a saved model."""
    model, found = Forecaster.load(args.load), load(args)
    levels = LEVELS if model.output_kind.count > 1 else ()
    print(model.predict(found.series).frame(levels).to_string(index=False))


def main():
    args = arguments()
    if args.load:
        return predict(args)
    where = training.environment()
    found = load(args)
    print(f"Keras {where['keras']} on {where['backend']} {where['backend_version']}")
    recipe = settings(args, found)
    config = {"data": found.source, "horizon": args.horizon, "checksum": found.checksum}
    config["recipe"] = dataclasses.asdict(recipe)
    config |= {"parameters": args.parameters} if args.parameters else {}
    label = Path(found.source).stem + ("-quick" if args.quick else "")
    cell = "-".join(map(str, filter(None, (args.cell, args.parameters))))
    default = f"forecast-{label}-{args.horizon}-{cell}-{args.output}-{args.seed}"
    folder, wanted = args.out or Path("runs") / default, {**config, "seed": args.seed}
    metrics = training.finished_run(folder, wanted)
    if metrics:
        print(f"This run is finished; its scores, model and figures are in {folder}")
        return report(*(metrics[key] for key in ("description", "rows", "lower", "span")))

    training.set_seed(args.seed)
    model = build_forecaster(found.series, args.horizon, recipe, found.borders, args.seed)
    reaches_ahead(model, found)
    print(f"{count_parameters(model):,} parameters; {model.head.stack.explain_kernel()}")
    if model.skip is not None:
        print(f"beside it {model.skip.explain()}", flush=True)
    run = training.RunFolder(folder, wanted, resume=args.resume)
    history = train(model, found, recipe, args.seed, run)
    rows, lower, errors, ours = compare(model, found, args, run.seconds)
    draw(model, found, args, history, errors, ours, run)
    span = model.look_back + model.horizon  # of windows that share rows
    metrics = {"description": found.description, "rows": rows, "lower": lower, "span": span}
    straight = None if model.skip is None else model.skip.explain()
    metrics |= {"parameters": count_parameters(model), "skip": straight}
    if not args.quick and found.source in set(forecasting.SOURCES) - {"co2"}:
        line = {"task": "forecasting", "config": config, "seed": args.seed, "command": sys.argv}
        training.record_once(RECORDS, {**line, **metrics, "environment": where})
    run.save_metrics(metrics)
    report(found.description, rows, lower, span)
    print(f"\nModel, figures and forecasts are in {run.path}")
    return None


if __name__ == "__main__":
    try:
        main()
    except (OSError, ImportError, TypeError, ValueError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Finished epochs are kept: the same command with --resume goes on.")
