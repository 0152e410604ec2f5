"""One search on several processes or machines: KerasTuner's chief and workers over gRPC.

The chief asks the oracle and trains nothing; workers train and write to the one log. There is no
authentication and no encryption, so the chief listens on loopback unless told otherwise: in a
network let nobody else reach its port.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from keras_tuner.src.engine import conditions

from tuning import search, settings
from tuning.clock import Clock, Costs, OutOfTime
from tuning.log import Log
from tuning.runs import Runner
from tuning.table import Table
from tuning.tasks import task_of

conditions.print = lambda *given: None  # keras-tuner 1.4.8 prints each value that it sends

VARIABLES = ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")
BEAT = 2.0
"Seconds between two signs of life of a worker."
SILENCE = 120.0
"Seconds without one after which a worker counts as dead."


def role():
    """`"chief"`, `"worker"` or `None`, by KerasTuner's environment variables.

    Raises:
        ValueError: some of them are set and others are not.
    """
    found = [name for name in VARIABLES if os.environ.get(name)]
    if not found:
        return None
    if len(found) < len(VARIABLES):
        raise ValueError(
            f"A chief and its workers need {', '.join(VARIABLES)}. Received: {', '.join(found)} "
            "alone. Set the others too, or none."
        )
    return "chief" if "chief" in os.environ[VARIABLES[0]] else "worker"


# The worker ------------------------------------------------------------------------------------


def work(folder):
    """Train what the chief gives out until it says that there is no more.

    Raises:
        FileNotFoundError: there is no sweep in the folder.
        ValueError: this process has other versions than the chief.
    """
    found = settings.load(folder)
    if found is None:
        raise FileNotFoundError(
            f"A worker joins the sweep of a chief, in the folder that both see. Received: "
            f"out={str(folder)!r}, in which there is none. Start the chief first."
        )
    wanted, kept = found
    settings.check_versions(kept["environment"], settings.versions(), "worker")
    task = task_of(wanted.task, wanted.quick)
    task.load()
    log = Log(folder / "trials.jsonl")
    runner = Runner(task, wanted, log, Table(task, wanted.planned, len(log)))
    oracle = search.oracle_of(task, wanted, log)
    with _alive(folder, os.environ[VARIABLES[0]]):
        tuner = search.SweepTuner(
            oracle, runner, Costs(log), lambda: Clock().end, folder, fresh=False
        )
        tuner.search()
    return 0


@contextlib.contextmanager
def _alive(folder, name):
    """Touch a file now and then, as long as the process lives."""
    ended, path = threading.Event(), Path(folder) / "tuner" / f"{name}.alive"

    def beat():
        while not ended.wait(BEAT):
            path.touch()

    path.touch()
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


# The chief -------------------------------------------------------------------------------------


class Chief:
    """Serves an oracle, starts workers on this machine, and takes back what dead ones had.

    Arguments:
        oracle: from `search.oracle_of`; it waits for the trials of others.
        folder: of the sweep.
        address: to listen on; loopback, and any free port, by default.

    Example:

    >>> with Chief(oracle, "runs/parity") as chief:
    ...     chief.start(2, ["parity", "--out", "runs/parity"])
    ...     while chief.watch():
    ...         time.sleep(0.2)
    """

    def __init__(self, oracle, folder, address="127.0.0.1:0"):
        self.oracle, self.folder = oracle, Path(folder)
        self.processes, self._seen = {}, {}
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
        protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), self._server)
        host = address.rsplit(":", 1)[0]
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"The chief cannot listen on {address}: {error}") from None
        self.address = host, port

    def __enter__(self):
        (self.folder / "tuner").mkdir(parents=True, exist_ok=True)
        self._server.start()
        return self

    def __exit__(self, *given):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self._server.stop(None)

    def start(self, count, command):
        """Start workers on this machine; each writes what it says to a file of the folder.

        Arguments:
            count: how many.
            command: the arguments of `tuning.sweep`.
        """
        for k in range(count):
            name = f"worker{k}"
            host, port = self.address
            values = dict(zip(VARIABLES, (name, host, str(port))))
            with open(self.folder / "tuner" / f"{name}.txt", "w", encoding="utf-8") as said:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "tuning.sweep", *command],
                    env={**os.environ, **values},
                    stdout=said,
                    stderr=subprocess.STDOUT,
                )

    def watch(self):
        """Take trials of dead workers back; says whether there is more to wait for.

        Raises:
            ChildProcessError: no worker is left, and there is more to do.
        """
        for name in list(self.oracle.ongoing_trials):
            if self._is_dead(name):
                self.oracle.give_back(name)
                print(f"{name} is gone; its trial goes to another.", flush=True)
        for name in list(self.oracle.tuner_ids):
            if self._is_dead(name):
                self.oracle.forget(name)
        if not self.processes:  # workers of other machines, who come and go
            return not self.oracle.finished
        if any(process.poll() is None for process in self.processes.values()):
            return True
        if self.oracle.finished:
            return False
        raise ChildProcessError(
            f"All workers ended before the search did. The last words of one: {self._last_words()}"
        )

    def _last_words(self):
        for name in self.processes:
            lines = (self.folder / "tuner" / f"{name}.txt").read_text(errors="replace").split("\n")
            said = [line for line in lines if line.startswith("error: ")]
            if said:
                return said[-1]
        return "none; see the files of the workers in the folder tuner"

    def _is_dead(self, name):
        process = self.processes.get(name)
        if process is not None:
            return process.poll() is not None
        path, now = self.folder / "tuner" / f"{name}.alive", time.monotonic()
        mark = path.stat().st_mtime_ns if path.exists() else None
        if name not in self._seen or self._seen[name][0] != mark:
            self._seen[name] = mark, now
        return now - self._seen[name][1] > SILENCE


def search_with_workers(oracle, runner, costs, limit, folder, count, command):
    """The search by workers, while this process shows what they log.

    Arguments:
        oracle, runner, costs, limit, folder: as of `search.SweepTuner`.
        count: workers to start here; 0 for a chief whose workers are elsewhere.
        command: the arguments of `tuning.sweep` for them.

    Raises:
        OutOfTime: the time for the search is over.
    """
    cells, epochs = runner.settings.cells, runner.settings.epochs

    def closed():
        return time.monotonic() + max(costs.of(cell, epochs) for cell in cells) > limit()

    oracle.waits, oracle.closed = True, closed
    search.clear(folder)
    oracle._set_project_dir(str(folder), "tuner")
    address = "127.0.0.1:0"
    if role() == "chief":
        address = ":".join(os.environ[name] for name in VARIABLES[1:])
    with Chief(oracle, folder, address) as chief:
        host, port = chief.address
        runner.table.say(f"The chief listens on {host}:{port}, without authentication.")
        chief.start(count, command)
        shown = {line["trial"] for line in runner.log.of_kind("trial")}
        going = True
        while going:
            time.sleep(0.2)
            going = chief.watch()
            runner.log.refresh()
            for line in runner.log.of_kind("trial"):
                if line["trial"] not in shown:
                    shown.add(line["trial"])
                    runner.table.finished(line)
            if time.monotonic() > limit():
                raise OutOfTime
    if closed():
        raise OutOfTime
