"""What the harness writes on a message that it gives to a broker, whichever it is, and takes off again."""

OURS = "saga-chaos-"
"""What the names of headers begin with that nobody but the harness reads."""

RUN, MESSAGE, COPY, QUEUE = f"{OURS}run", f"{OURS}message", f"{OURS}copy", f"{OURS}queue"
"""Its run, its number in the run, which copy of it this is, and the one queue that a copy is for."""
