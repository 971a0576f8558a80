"""Workers: the same answers in the order of the tasks, wherever they are worked out; faults and stops come back."""

from __future__ import annotations

import multiprocessing
import os
import time

import pytest

from sourcing import workers
from sourcing.sheets import InstanceError, Issue, NoSolution
from sourcing.workers import Crew


def doubled(shared: list[int]) -> list[int]:
    return [2 * number for number in shared]


def picked(state: list[int], task: int) -> tuple[int, int]:
    return state[task], os.getpid()


def wrong(state: list[int], task: int) -> int:
    if task == 1:
        raise InstanceError([Issue("Units", "C3", "is wrong")])
    return task


def long(state: list[int], task: int) -> None:
    time.sleep(60)


def dies(state: list[int], task: int) -> None:
    os._exit(1)


def no_state(shared: object) -> None:
    raise NoSolution("it cannot be set up")


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50, processes=True
    ) as found:
        yield found.scheduler_address


@pytest.fixture(params=["here", "processes", "dask"])
def crew(request):
    def make(setup=doubled):
        if request.param == "dask":
            return Crew(setup, [5, 6, 7], dask=request.getfixturevalue("cluster"))
        return Crew(setup, [5, 6, 7], workers=1 if request.param == "here" else 2)

    return make


def test_answers_come_in_the_order_of_the_tasks(crew):
    with crew() as hands:
        assert [answer for answer, _ in hands.map(picked, [2, 0, 1, 0])] == [14, 10, 12, 10]
        assert [answer for answer, _ in hands.map(picked, [1])] == [12]  # a second round finds the state as it is
        assert hands.map(picked, []) == []


def test_one_worker_is_this_process_and_several_are_others():
    with Crew(doubled, [5], workers=1) as hands:
        assert hands.map(picked, [0]) == [(10, os.getpid())]
    with Crew(doubled, [5], workers=2) as hands:
        assert os.getpid() not in {process for _, process in hands.map(picked, [0, 0])}


def test_a_fault_of_a_task_comes_with_its_type_and_what_it_holds(crew):
    with crew() as hands:
        with pytest.raises(InstanceError) as fault:
            hands.map(wrong, [0, 1, 2])
        assert [issue.cell for issue in fault.value.issues] == ["C3"]
        assert hands.map(wrong, [2]) == [2]  # the crew is as good as before


def test_a_fault_of_the_setup_comes_too(crew):
    with crew(no_state) as hands, pytest.raises(NoSolution, match="cannot be set up"):
        hands.map(picked, [0])


def test_how_far_it_is_is_told(crew):
    told = []
    with crew() as hands:
        hands.map(picked, [0, 1, 2], lambda done, of: told.append((done, of)))
    assert told[-1] == (3, 3)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_stop_ends_processes_that_are_at_work():
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    before, begun = set(multiprocessing.active_children()), time.perf_counter()
    with pytest.raises(KeyboardInterrupt), Crew(doubled, [5], workers=2) as hands:
        hands.map(long, [0, 1, 2], stop)
    assert time.perf_counter() - begun < 30  # three tasks of 60 s were under way
    assert set(multiprocessing.active_children()) <= before


def test_a_process_that_dies_is_told():
    with Crew(doubled, [5], workers=2) as hands, pytest.raises(NoSolution, match="ended by itself"):
        hands.map(dies, [0, 1])


def test_an_address_where_nobody_is_is_told(monkeypatch):
    monkeypatch.setattr(workers, "ANSWERS", 0.2)
    pytest.importorskip("distributed")
    with pytest.raises(NoSolution, match="no Dask cluster answers at 'tcp"):
        Crew(doubled, [5], dask="tcp://127.0.0.1:9").__enter__()
