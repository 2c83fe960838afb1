"""A saga for the subprocess contract that keeps what is done and what comes next, and thinks in between.

With `SAGA_COMMITS=two` each of the two has a commit of its own, and a death in between strands the saga:
whoever resumes goes on with what is taken, and nothing is. With `one` both are kept at once.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

STEPS = {"reservation": "INVENTORY", "charge": "PAYMENTS"}
NEXT = {"reservation": "charge", "charge": "completed"}
THINKS_S = 0.06


def main(saga_id: str) -> None:
    book = Path(os.environ["SAGA_STORE_DIR"]) / "book.json"
    if not book.exists():
        keep(book, "reservation")
    while (taken := json.loads(book.read_text())) in STEPS:
        make(taken, saga_id)
        if os.environ["SAGA_COMMITS"] == "two":
            keep(book, f"{taken} done")
        time.sleep(THINKS_S)
        keep(book, NEXT[taken])
    if taken != "completed":
        raise SystemExit(f"the last word is {taken!r}, and nobody has taken what follows")
    print('OUTCOME {"status": "completed"}')  # noqa: T201 - the contract is a line on stdout


def keep(book: Path, word: str) -> None:
    part = book.with_suffix(".part")
    part.write_text(json.dumps(word))
    part.replace(book)


def make(what: str, saga_id: str) -> None:
    host = urlsplit(os.environ[f"SAGA_{STEPS[what]}_URL"]).netloc
    connection = http.client.HTTPConnection(host, timeout=2)
    headers = {"content-type": "application/json", "Idempotency-Key": f"{saga_id}:{what}"}
    connection.request("POST", f"/{what}s", json.dumps({"saga_id": saga_id}), headers)
    connection.getresponse().read()
    connection.close()


main(sys.argv[2])
