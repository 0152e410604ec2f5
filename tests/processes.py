"""Processes of their own that need not import a backend first."""

import multiprocessing
import os
from pathlib import Path
from unittest import mock


def process_of(target, *given):
    """A function of a test file in a process of its own, which begins with everything imported.

    It may be killed, so it shares no compiled code with others.
    """
    # The server that forks would not find these files to preload them (Python 3.11), and says
    # nothing.
    here = Path(__file__).parent
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = dict.fromkeys([str(here), str(here.parent), *filter(None, known)])
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(paths)):
        os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["sweeping", "running"])
        process = context.Process(target=target, args=given)
        process.start()
    return process
