"""Processes that are not ours: started, frozen, woken, killed and reaped, and none left running.

Owns process groups, the mark by which those that left their group are found again, and waiting for
their ends without polling. Refuses to know what a command means, what it says, and why it is killed.

    group    one command in a group of its own, its input and output in files
    marks    finding and ending the processes that carry a mark
    watch    waiting until a process ends, a time has come, or another thread says so
    hosts    what makes a command believe that it runs on another machine
    ports    whether somebody listens at an address
"""

from harness.processes.group import CannotStart, Command, Group
from harness.processes.marks import MARK, Marked, find, sweep
from harness.processes.watch import Watch

__all__ = ["MARK", "CannotStart", "Command", "Group", "Marked", "Watch", "find", "sweep"]
