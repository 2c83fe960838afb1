"""Which package a name means: `fakes`, `reports` and `scenarios` are ours, or the user's own.

A user may have packages of these names. They are the user's wherever the user's code runs, and ours
inside `with our_packages():`, where alone our code imports them. Owns the finder that sees to it, and
the message for a user's package called `harness`, the one name that cannot be both. Refuses to know
what is in any of them.

Each module of ours is loaded once, and runs under a name that nobody else has, such as
`harness.packages.reports.words`: by that name pickle, msgspec and `typing` find it, whichever
package `reports` stands in `sys.modules`.
"""

from harness.packages.commands import python_m
from harness.packages.finder import NAMES, NameTakenError, forget_ours, is_ours, make_room, our_packages

__all__ = ["NAMES", "NameTakenError", "forget_ours", "is_ours", "make_room", "our_packages", "python_m"]
