"""Owns the real clocks, and the real number of this process, bound before anything is replaced.

The harness measures its own durations with these: inside a simulated run the names in the
`time` module answer virtual time. Import from here, never from `time`.
"""

from __future__ import annotations

import os
import time

# Whoever imports this module first decides what "real" means; `harness.clock` replaces
# nothing before it has imported it.
monotonic_s = time.monotonic
monotonic_ns = time.monotonic_ns
perf_counter_s = time.perf_counter
perf_counter_ns = time.perf_counter_ns
sleep_s = time.sleep
clock_gettime_s = time.clock_gettime
clock_gettime_ns = time.clock_gettime_ns
process_id = os.getpid
