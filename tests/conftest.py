"""What every test may rely on: Ctrl-C can be answered.

A shell starts what runs in its background with SIGINT ignored, and every process inherits that: tests
that interrupt one would wait until their time is up.
"""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
