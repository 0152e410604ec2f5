"""What a sweep is asked for: kept in `sweep.json`, compared with the command that resumes it."""

import json
import shlex
from dataclasses import asdict, dataclass, fields, replace
from importlib import metadata
from pathlib import Path

import keras_rnnzoo
from keras_rnnzoo.training import config_hash, environment
from keras_rnnzoo.training.files import write_json

FILE = "sweep.json"
OWN = ("sweep.json", "trials.jsonl", "trials.torn", "tuner", "lock", ".trials.jsonl.lock")
"What a sweep puts in its folder; the report puts others beside it."
VERSIONS = ("python", "keras", "backend", "backend_version", "numpy", "keras_tuner", "keras_rnnzoo")


@dataclass(frozen=True)
class Settings:
    """What decides the lines of a sweep, and the time for them.

    Arguments:
        task, quick: see `tuning.tasks`.
        mode: `"compare"` or `"best"`.
        tuner: of best mode.
        cells, depths, parameters: see `spaces.Choices`.
        trials: of each cell to compare, or in all.
        epochs: of each run.
        seeds: fresh ones, for the winners and defaults.
        seed: of the sweep.
        budget_seconds: or `None`.
    """

    task: str
    quick: bool
    mode: str
    tuner: str | None
    cells: tuple
    depths: tuple
    parameters: int | None
    trials: int
    epochs: int
    seeds: int
    seed: int
    budget_seconds: float | None

    def __post_init__(self):
        for name in ("cells", "depths"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name, least in (("trials", 1), ("epochs", 1), ("seeds", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"--{name} must be {least} or more. Received: {name}={getattr(self, name)}"
                )

    @property
    def hash(self):
        """The same for sweeps whose lines are those of one sweep."""
        return config_hash({k: v for k, v in asdict(self).items() if k != "budget_seconds"})

    @property
    def planned(self):
        """How many trials there are to be."""
        return self.trials * (len(self.cells) if self.mode == "compare" else 1)


def versions():
    """What a sweep is computed with: `training.environment` and the packages of the sweep."""
    own = {"keras_rnnzoo": keras_rnnzoo.__version__, "keras_tuner": metadata.version("keras-tuner")}
    return {**environment(), **own}


def check_versions(there, here, who):
    """Refuse to mix results of other versions into a sweep.

    Arguments:
        there, here: as `versions` gives them, of the sweep and of who joins it.
        who: joins it, such as "resume" or "worker".

    Raises:
        ValueError: with what differs.
    """
    other = [
        f"{name} {there.get(name)} there, {here.get(name)} here"
        for name in VERSIONS
        if there.get(name) != here.get(name)
    ]
    if other:
        raise ValueError(
            f"Expected the versions that the sweep began with, so that its scores are of one kind. "
            f"Received: a {who} with others ({'; '.join(other)}). Install those, or begin another "
            "sweep (--out)."
        )


def save(folder, settings, space, command):
    """Write `sweep.json`.

    Arguments:
        folder: of the sweep.
        settings: a `Settings`.
        space: what is chosen from in words, by name.
        command: the arguments that began the sweep.
    """
    command = shlex.join(["python", "-m", "tuning.sweep", *command])
    here = {"command": command, "environment": versions()}
    found = {**asdict(settings), "sweep": settings.hash, "space": space, **here}
    write_json(Path(folder) / FILE, found)


def load(folder):
    """Settings and the rest of `sweep.json`, or `None` where there is none.

    Raises:
        ValueError: the file is damaged.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        own = {field.name: found[field.name] for field in fields(Settings)}
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"{path}: expected the settings of a sweep. Received: a damaged file ({error}). Begin "
            "anew in another folder (--out), or here with --overwrite."
        ) from None
    return Settings(**own), found


def agreed(kept, given):
    """The settings of a sweep that is resumed by a command with some options.

    Arguments:
        kept: its `Settings`.
        given: a dict of the options that the command names; another budget is no contradiction.

    Raises:
        ValueError: another option contradicts.
    """
    other = [
        f"{name} {getattr(kept, name)!r} there, {value!r} here"
        for name, value in given.items()
        if name != "budget_seconds" and getattr(kept, name) != value
    ]
    if other:
        raise ValueError(
            f"Expected the options of the sweep in the folder, or none. Received: others "
            f"({'; '.join(other)}). Leave them out, or choose another folder (--out)."
        )
    return replace(kept, **{k: v for k, v in given.items() if k == "budget_seconds"})


def check_folder(folder, found, resume, overwrite):
    """Refuse a folder that holds a sweep unless told what to do with it, or something else.

    Raises:
        FileExistsError: as said.
    """
    folder = Path(folder)
    if found and not (resume or overwrite):
        raise FileExistsError(
            f"{folder} holds a sweep of {found[0].task} already. Go on with it (--resume), replace "
            "it (--overwrite), or choose another folder (--out)."
        )
    if found or not folder.exists():
        return
    others = [folder.name]
    if folder.is_dir():
        others = sorted(
            p.name for p in folder.iterdir() if p.name not in OWN or p.suffix == ".jsonl"
        )
    if others and not overwrite:
        raise FileExistsError(
            "Expected a new or empty folder for the sweep. Received: "
            f"out={str(folder)!r}, which holds {others[0]!r} and no {FILE}. Choose another (--out)."
        )
