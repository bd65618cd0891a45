from __future__ import annotations

from queue import Queue
from types import SimpleNamespace

from lobterm.app.governor import Governor, backlog


def test_paints_while_nothing_is_owed():
    governor = Governor()
    assert all(governor.may_paint(0) for _ in range(5))
    assert governor.skipped == 0


def test_skips_while_output_is_owed_but_not_for_ever():
    governor = Governor(most_skipped=3)
    assert [governor.may_paint(1) for _ in range(8)] == [False, False, False, True, False, False, False, True]
    assert governor.skipped == 6


def test_a_drained_terminal_is_painted_at_once():
    governor = Governor(most_skipped=3)
    governor.may_paint(1)
    assert governor.may_paint(0)
    assert [governor.may_paint(1) for _ in range(4)] == [False, False, False, True]


def test_backlog_is_the_writer_s_queue():
    queue: Queue[str] = Queue()
    queue.put("frame")
    assert backlog(SimpleNamespace(_writer_thread=SimpleNamespace(_queue=queue))) == 1


def test_a_driver_without_a_writer_owes_nothing():
    assert backlog(None) == backlog(object()) == backlog(SimpleNamespace(_writer_thread=None)) == 0


def test_the_terminal_driver_still_has_the_queue_that_is_asked_for():
    from textual.drivers._writer_thread import WriterThread

    thread = WriterThread(SimpleNamespace())
    thread.write("frame")
    assert backlog(SimpleNamespace(_writer_thread=thread)) == 1
