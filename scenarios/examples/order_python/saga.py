"""An order in three steps: reserve the goods, charge for them, ship. Python, and nothing but Python.

`python3 saga.py run ID` begins it and `python3 saga.py resume ID` goes on with it, the order on stdin.
Shipping is the pivot: when something fails before it, all is undone; after it, nothing is.
"""
# mypy: ignore-errors

import fcntl
import http.client
import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

STEPS = {  # step: its participant, what does it, what undoes it
    "reserve": ("inventory", "POST /reservations", "DELETE /reservations"),
    "charge": ("payments", "POST /charges", "POST /refunds"),
    "ship": ("shipping", "POST /shipments", None),
}
PIVOT, ASK = "ship", "GET /shipments"
ATTEMPTS, TIMEOUT_S, FIRST_PAUSE_S = 4, 0.3, 0.05
DONE, REFUSED, IN_DOUBT = "done", "refused", "in doubt"


def main():
    _command, saga_id = sys.argv[1:]  # the journal knows better than the command whether it has begun
    order = json.load(sys.stdin)
    try:
        journal = Journal(Path(os.environ["SAGA_STORE_DIR"], saga_id + ".journal"))
    except BlockingIOError:
        outcome = {"status": "running"}  # another process is at work on it
    else:
        outcome = Saga(saga_id, order, journal).run()
    print("OUTCOME " + json.dumps(outcome), flush=True)


class Saga:
    def __init__(self, saga_id, order, journal):
        self.id, self.order, self.journal = saga_id, order, journal

    def run(self):
        for step in STEPS:
            if self.journal.error() or not self.act(step):
                break
        if self.journal.error():
            return self.undo_all()
        if self.journal.has("done", PIVOT):
            return self.outcome("completed")
        return self.outcome("stuck", f"{PIVOT}: in doubt, and it cannot be undone")

    def act(self, step):
        """Whether the next step may be taken."""
        if self.journal.has("done", step):
            return True
        sent_before = self.journal.has("sent", step)  # and then it died: that request may still arrive
        self.journal.add("sent", step)
        service, action, _ = STEPS[step]
        answer, why = send(service, action, f"{self.id}:{step}", {"saga_id": self.id, **self.order})
        if step == PIVOT and (answer == IN_DOUBT or (answer == REFUSED and sent_before)):
            answer = self.ask()
        if answer == DONE:
            self.journal.add("done", step)
        elif answer == REFUSED or step != PIVOT:
            self.journal.add("failed", f"{step}: {why}")  # from here on there is no way but back
        return answer == DONE

    def ask(self):
        """Was it shipped? No is no answer: the request may be on its way."""
        answer, found = send(STEPS[PIVOT][0], f"{ASK}?saga_id={self.id}")
        return DONE if answer == DONE and found["items"] else IN_DOUBT

    def undo_all(self):
        """By saga id, which finds what it does not know of; the last step first."""
        for step, (service, _, undo) in reversed(STEPS.items()):
            if undo and self.journal.has("sent", step) and not self.journal.has("undone", step):
                answer, why = send(service, f"{undo}?saga_id={self.id}", f"{self.id}:{step}:undo")
                if answer != DONE:  # a person has to look: `compensated` would be a lie
                    return self.outcome("stuck", f"{self.journal.error()}; undo of {step}: {why}")
                self.journal.add("undone", step)
        return self.outcome("compensated", self.journal.error())

    def outcome(self, status, error=None):
        log = [[step, word] for word, step in self.journal.lines if word in ("done", "undone")]
        return {"status": status, "detail": {"error": error, "log": log}}


class Journal:
    """What happened, a line each, and each on the disk before anything else is done."""

    def __init__(self, path):
        """Raises BlockingIOError while another process has it open; the lock dies with its process."""
        self.file = path.open("a+b")
        fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.file.seek(0)
        text = self.file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.file.truncate(len(whole))  # a line that was cut short never happened
        self.lines = [json.loads(line) for line in whole.splitlines()]
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)  # or a new file may be gone after a power cut
        os.close(folder)

    def add(self, word, what):
        if not self.has(word, what):
            self.lines.append([word, what])
            self.file.write(json.dumps([word, what]).encode() + b"\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def has(self, word, what):
        return [word, what] in self.lines

    def error(self):
        """Why it aborted; None while it goes forward."""
        return next((what for word, what in self.lines if word == "failed"), None)


def send(service, route, key=None, body=None):
    """Ask until there is an answer: DONE and what it says, or REFUSED or IN_DOUBT and why.

    REFUSED means that surely nothing was done: each attempt was refused, or found nobody there.
    """
    doubt, why, pause_s = False, "", FIRST_PAUSE_S
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause_s)
            pause_s = FIRST_PAUSE_S * 2**attempt
        try:
            status, wait_s, text = once(service, route, key, body)
            undoing = body is None and key is not None
            if 200 <= status < 300 and status != 202:
                return DONE, json.loads(text) if text else None
            if undoing and status in (404, 410):
                return DONE, None
            why = f"answered {status}"
            if 400 <= status < 500 and status != 429:
                break
            doubt = doubt or status != 429
            pause_s = max(pause_s, wait_s)
        except ConnectionRefusedError:
            why = "nobody listens"
        except (OSError, http.client.HTTPException, ValueError) as error:  # silence, a cut, or nonsense
            doubt, why = True, type(error).__name__
    return (IN_DOUBT if doubt else REFUSED), why


def once(service, route, key, body):
    """One request on a connection of its own: its status, the seconds to wait, and its text."""
    address = urlsplit(os.environ[f"SAGA_{service.upper()}_URL"])
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_S)
    method, path = route.split(" ")
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        reply = connection.getresponse()
        return reply.status, float(reply.getheader("Retry-After", 0)), reply.read()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
