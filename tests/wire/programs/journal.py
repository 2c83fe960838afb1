"""A saga for the subprocess contract, of nothing but the standard library.

Reserves and charges; what it has done stands in a journal in SAGA_STORE_DIR, written before each call
and after it. `SAGA_FORGETS` names one thing that it forgets: the journal, its keys, the undo.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

STEPS = (("reservation", "INVENTORY"), ("charge", "PAYMENTS"))
TIMEOUT_S = 0.25
ATTEMPTS = 6


class Journal:
    """One line a fact."""

    def __init__(self, saga_id: str) -> None:
        self._path = Path(os.environ["SAGA_STORE_DIR"]) / f"{saga_id}.journal"
        forgets = os.environ.get("SAGA_FORGETS") == "journal"
        self.facts = self._path.read_text().split() if self._path.exists() and not forgets else []

    def note(self, fact: str) -> None:
        if fact not in self.facts:
            self.facts.append(fact)
            with self._path.open("a") as file:
                file.write(f"{fact}\n")


class Participant:
    def __init__(self, name: str, saga_id: str) -> None:
        self._host = urlsplit(os.environ[f"SAGA_{name}_URL"]).netloc
        self._saga_id = saga_id

    def ask(self, method: str, path: str, key: str) -> int | None:
        """The status, or None in doubt."""
        connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT_S)
        headers = {"content-type": "application/json"}
        if os.environ.get("SAGA_FORGETS") == "keys":
            key = f"{self._saga_id}:{os.getpid()}-{time.monotonic_ns()}"
        headers["Idempotency-Key"] = key
        try:
            body = json.dumps({"saga_id": self._saga_id})
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return answer.status

    def insist(self, method: str, path: str, key: str) -> int | None:
        """Until it is known."""
        status: int | None = None
        for attempt in range(ATTEMPTS):
            status = self.ask(method, path, key)
            if status is not None and (status < 500 and status != 429):
                return status
            time.sleep(1.1 if status in (429, 503) else 0.03 * (attempt + 1))
        return status


def forward(saga_id: str, journal: Journal) -> str | None:
    for what, service in STEPS:
        if f"done:{what}" in journal.facts:
            continue
        journal.note(f"begun:{what}")
        status = Participant(service, saga_id).insist("POST", f"/{what}s", f"{saga_id}:{what}")
        if status is None or status >= 300:
            return f"{what}: {status}"
        journal.note(f"done:{what}")
    return None


def back(saga_id: str, journal: Journal) -> bool:
    for what, service in reversed(STEPS):
        if f"begun:{what}" not in journal.facts or f"undone:{what}" in journal.facts:
            continue
        path = f"/{what}s?saga_id={saga_id}"
        status = Participant(service, saga_id).insist("DELETE", path, f"{saga_id}:undo-{what}")
        if status not in (200, 204, 404, 410):
            return False
        journal.note(f"undone:{what}")
    return True


def say(**outcome: object) -> None:
    sys.stdout.write(f"OUTCOME {json.dumps(outcome)}\n")


def main() -> None:
    word, saga_id = sys.argv[1:]
    json.load(sys.stdin)
    assert word in ("run", "resume")
    journal = Journal(saga_id)
    error = "aborted before" if "back" in journal.facts else forward(saga_id, journal)
    if error is None:
        say(status="completed")
        return
    journal.note("back")
    undone = os.environ.get("SAGA_FORGETS") == "undo" or back(saga_id, journal)
    say(status="compensated" if undone else "stuck", detail={"error": error})


if __name__ == "__main__":
    main()
