"""All designs for sending to a room, on the same workload: a table."""

from docs.examples.other_designs import group_of_sends, task_for_each
from docs.examples.other_designs.queue_for_each import Queued
from docs.examples.other_designs.queue_with_limit import Limited
from docs.examples.s06_slow_readers import one_sleeps
from docs.examples.s06_slow_readers.one_sleeps import play, row

print(one_sleeps.HEAD)
print(row("await each (step 05)", play("05")))
print(row("a TaskGroup of sends", play("05", send_to=group_of_sends.send_to)))
print(row("a task per message", play("05", send_to=task_for_each.send_to)))
print(row("a queue per client", play("05", Client=Queued)))
print(row("a queue with a limit", play("05", Client=Limited)))
print(row("wait for none (step 06)", play("06")))
