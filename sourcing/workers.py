"""Workers: many small tasks on this process, on local processes, or on a Dask cluster that is there already.

    with Crew(setup, shared, workers=4) as crew:
        answers = crew.map(function, tasks)        # function(state, task), in the order of the tasks

`setup(shared)` is called once in each process and gives its `state`: what is costly to send or to build (a model, a
live solver) is so sent and built once. `setup` and `function` are functions, or classes, of a module. An answer may
depend on nothing but the shared data and its task: then the numbers are the same on any number of workers.

Processes are spawned, which imports the main script anew: a script that asks for several workers keeps its own work
under `if __name__ == "__main__":`.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from threading import RLock
from typing import Any, Self

from sourcing.sheets import NoSolution

ANSWERS = 10.0
"""Seconds in which a cluster must answer."""

ASKED = 0.2
"""Seconds after which whoever waits for answers is told how far they are, and may stop."""


def itself(shared: Any) -> Any:
    """The state of a crew that needs no setting up: what is shared."""
    return shared


def unheard(done: int, of: int) -> None:
    """Tell nobody how many tasks are done."""


class Crew:
    """Who does the tasks: `workers` local processes (1 is this process), or the workers of a Dask cluster.

    `dask` is the address of its scheduler (`tcp://host:8786`); its workers must have this package, in this version.
    """

    def __init__(self, setup: Callable[[Any], Any], shared: Any, *, workers: int = 1, dask: str = ""):
        self.setup, self.shared, self.workers, self.dask = setup, shared, max(1, workers), dask
        self._state: Any = None
        self._standing = False
        self._pool: ProcessPoolExecutor | None = None
        self._before: set[Any] = set()
        self._client: Any = None
        self._name, self._sent = uuid.uuid4().hex, None

    def __enter__(self) -> Self:
        if self.dask:
            self._client = _client(self.dask)
            self._sent = self._client.scatter(pickle.dumps((self.setup, self.shared)), broadcast=True)
        elif self.workers > 1:
            self._before = set(multiprocessing.active_children())
            self._pool = ProcessPoolExecutor(
                self.workers, multiprocessing.get_context("spawn"), _begin, (self.setup, self.shared)
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is not None:
            if kind is not None:  # nobody waits for what they are at
                for process in set(multiprocessing.active_children()) - self._before:
                    process.terminate()
            self._pool.shutdown(cancel_futures=True)
        if self._client is not None:
            if kind is None:
                self._client.run(_forget, self._name)
            self._client.close()
        self._pool = self._client = self._state = self._sent = None
        self._standing = False

    def map(
        self,
        function: Callable[[Any, Any], Any],
        tasks: Iterable[Any],
        heard: Callable[[int, int], None] = unheard,
    ) -> list[Any]:
        """`function(state, task)` of each task, in their order; the first exception of one is raised here.

        `heard(done, of)` is told every so often how many are done; what it raises stops the rest.
        """
        waiting = list(tasks)
        if self._client is not None:
            sent = [
                self._client.submit(_at_cluster, self._name, self._sent, function, task, pure=False) for task in waiting
            ]
            return _gathered(self._client, sent, heard)
        if self._pool is not None:
            futures = [self._pool.submit(_at_process, function, task) for task in waiting]
            left: set[Future[Any]] = set(futures)
            try:
                while left:
                    done, left = wait(left, timeout=ASKED, return_when=FIRST_EXCEPTION)
                    heard(len(futures) - len(left), len(futures))
                    for future in done:
                        future.result()
            except BrokenProcessPool as fault:
                raise NoSolution("a worker process ended by itself, out of memory perhaps: ask for fewer") from fault
            except BaseException:
                for future in left:
                    future.cancel()
                raise
            return [future.result() for future in futures]
        if not self._standing:
            self._state, self._standing = self.setup(self.shared), True
        found = []
        for number, task in enumerate(waiting):
            heard(number, len(waiting))
            found.append(function(self._state, task))
        heard(len(waiting), len(waiting))
        return found


# ------------------------------------------------------------------------------------------------ in a local process

_state: Any = None


def _begin(setup: Callable[[Any], Any], shared: Any) -> None:
    """Set a process up. Ctrl-C reaches all processes of a terminal: the one that asked stops the others."""
    global _state
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _state = _attempt(setup, shared)


def _attempt(setup: Callable[[Any], Any], shared: Any) -> Any:
    """The state, or the fault of making it: raised here it would break the pool and be lost."""
    try:
        return setup(shared)
    except Exception as fault:
        return _Fault(fault)


class _Fault:
    def __init__(self, fault: Exception):
        self.fault = fault


def _at_process(function: Callable[[Any, Any], Any], task: Any) -> Any:
    if isinstance(_state, _Fault):
        raise _state.fault
    return function(_state, task)


# ------------------------------------------------------------------------------------------------ on a cluster

_states: dict[str, Any] = {}
_alone = RLock()
"""One task at a time in a process: solvers share a scheduler of threads."""


def _client(address: str) -> Any:
    try:
        from distributed import Client as Opened
    except ImportError:
        raise NoSolution("a Dask cluster needs the package distributed: pip install 'allied-sourcing[scale]'") from None
    connect: Any = Opened
    try:
        return connect(address, timeout=ANSWERS)
    except (OSError, ValueError) as fault:
        raise NoSolution(f"no Dask cluster answers at '{address}': {fault}") from fault


def _at_cluster(name: str, sent: bytes, function: Callable[[Any, Any], Any], task: Any) -> Any:
    with _alone:
        if name not in _states:
            setup, shared = pickle.loads(sent)
            _states[name] = setup(shared)
        return function(_states[name], task)


def _forget(name: str) -> None:
    _states.pop(name, None)


def _gathered(client: Any, sent: list[Any], heard: Callable[[int, int], None]) -> list[Any]:
    import distributed

    wait_for: Any = distributed.wait

    try:
        left = sent
        while left and not any(future.status == "error" for future in sent):
            with suppress(TimeoutError):
                wait_for(left, timeout=ASKED)
            left = [future for future in left if not future.done()]
            heard(len(sent) - len(left), len(sent))
        found: list[Any] = client.gather(sent)
        return found
    except BaseException:
        client.cancel(sent)
        raise
