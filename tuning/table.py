"""The table of a sweep as it grows: a line a run, readable on a terminal and in a log."""

import sys

from tuning.clock import spoken


class Table:
    """Print each finished run, and on a terminal where the running one is.

    Arguments:
        task: a `Task`, for the name and direction of its score.
        total: runs that are planned.
        done: how many of them the log has already.
        best: the best score of them, or `None`.
        left: a function that gives the seconds that are left.
        stream: where to print; default the standard output.
    """

    def __init__(self, task, total, done=0, best=None, left=None, stream=None):
        self.task, self.total, self.done, self.best = task, total, done, best
        self._left, self._stream, self._width = left, stream, 0
        self._headed, self._running = False, ""

    def begin(self, kind, configuration):
        """A run begins."""
        self._running = f"{kind} of {configuration['cell']}, depth {configuration['depth']}"
        self.epoch([], None)

    def epoch(self, curve, epochs):
        """An epoch of the running one is done; shown on a terminal alone."""
        stream = self._stream or sys.stdout
        if not stream.isatty() or not self._running:
            return
        text = f"{self.done + 1}/{self.total}  {self._running}"
        if curve:
            text += f"  epoch {len(curve)}/{epochs}  {self.task.objective} {curve[-1]:.4f}"
        text += f"  {self.time_left()}"
        padded, self._width = text.ljust(self._width), len(text)
        stream.write(f"\r{padded}")
        stream.flush()

    def time_left(self):
        """How long it may take yet, in words."""
        left = spoken(self._left()) if self._left else ""
        return f"{left} left" if left else ""

    def finished(self, line):
        """A run is logged."""
        self.done += 1
        if line["status"] == "completed" and line["kind"] == "trial":
            ahead = max if self.task.direction == "max" else min
            known = [score for score in (self.best, line["validation"]) if score is not None]
            self.best = ahead(known)
        if not self._headed:
            self._headed = True
            head = f"{'run':>9}  {'kind':<8}{'cell':<18}{'depth':>5}{'units':>6}{'parameters':>11}"
            score = f"{self.task.objective:>10}{'best':>10}"
            self.say(f"{head}{score}{'test':>10}{'seconds':>9}  left")
        self.say(self._row(line))

    def _row(self, line):
        chosen = line["configuration"]
        units = "" if chosen["units"] is None else chosen["units"]
        size = "" if line["parameters"] is None else f"{line['parameters']:,}"
        run = f"{self.done}/{self.total}"
        text = f"{run:>9}  {line['kind']:<8}{chosen['cell']:<18}{chosen['depth']:>5}"
        text += f"{units:>6}{size:>11}"
        if line["status"] == "failed":
            return f"{text}  failed: {line['error']}"
        test = line["test"][self.task.objective] if line["test"] else None
        for score in (line["validation"], self.best, test):
            text += " " * 10 if score is None else f"{score:>10.4f}"
        return f"{text}{line['seconds']:>9.1f}  {self.time_left().removesuffix(' left')}".rstrip()

    def say(self, text):
        """A line of its own."""
        stream = self._stream or sys.stdout
        if stream.isatty() and self._width:
            stream.write(f"\r{' ' * self._width}\r")
            self._width = 0
        stream.write(text + "\n")
        stream.flush()
