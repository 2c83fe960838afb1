"""An order in four steps, without a weakness: `python3 saga.py run ID` or `resume ID`, the input on stdin."""
# mypy: ignore-errors

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request

STEPS = [
    ("inventory", "inventory", "/reservations"),
    ("payments", "payments", "/charges"),
    ("shipping", "shipping", "/shipments"),
    ("invoices", "invoices", "/invoices"),
]
ATTEMPTS = 6
TIMEOUT_S = 2.0  # a service that was killed takes a second to be back


def main():
    _command, saga_id = sys.argv[1:]  # `resume` does the same: every request has its key, and is done once
    given = json.loads(sys.stdin.read() or "{}")
    outcome = run(saga_id, given)
    print("OUTCOME " + json.dumps(outcome), flush=True)


def run(saga_id, given):
    error = remembered(saga_id)
    if error is None:
        error = act(saga_id, given)
    if not error:
        return {"status": "completed"}
    remember(saga_id, error)  # before the first undo: whoever resumes must not go forward again
    return undo(saga_id, error)


def act(saga_id, given):
    for step, service, path in STEPS:
        body = {"saga_id": saga_id, "input": given}
        error = send("POST", service, path, f"{saga_id}:{step}", body)
        if error:
            return f"{step}: {error}"
    return ""


def undo(saga_id, error):
    begun = [step for step, _, _ in STEPS].index(error.partition(":")[0]) + 1
    for step, service, path in reversed(STEPS[:begun]):
        failed = send("DELETE", service, f"{path}?saga_id={saga_id}", f"{saga_id}:undo-{step}")
        if failed:  # a person has to look: saying `compensated` would be a lie
            return {"status": "stuck", "detail": {"error": f"{error}; undo of {step}: {failed}"}}
    return {"status": "compensated", "detail": {"error": error}}


def send(method, service, path, key, body=None):
    """None where it was done, else why not. The same key each time, so that it is done once."""
    base = os.environ["SAGA_" + service.upper().replace("-", "_") + "_URL"]
    pause_s, asked_s, error = 0.2, 0.0, ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(max(pause_s, asked_s))
            pause_s, asked_s = pause_s * 2, 0.0
        data = None if body is None else json.dumps(body).encode()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        request = urllib.request.Request(base + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                reply.read()
            return None
        except urllib.error.HTTPError as answer:
            error = f"answered {answer.code}"
            if "Retry-After" in answer.headers:
                asked_s = float(answer.headers["Retry-After"])
            elif answer.code < 500:
                break  # a refusal is final
        except (OSError, http.client.HTTPException) as problem:
            error = type(problem).__name__
    return error


def remembered(saga_id):
    """Why it was being undone when its process died; None where it was not."""
    try:
        with open(note_of(saga_id)) as note:
            return note.read()
    except FileNotFoundError:
        return None


def remember(saga_id, error):
    beside = note_of(saga_id) + ".new"
    with open(beside, "w") as note:
        note.write(error)
        note.flush()
        os.fsync(note.fileno())
    os.replace(beside, note_of(saga_id))


def note_of(saga_id):
    return os.path.join(os.environ["SAGA_STORE_DIR"], f"{saga_id}.undoing")


if __name__ == "__main__":
    main()
