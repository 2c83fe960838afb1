"""Compensation latency of sagas on engines, as they get longer and more: a table in Markdown.

`python measure.py --steps 3,6,12 --concurrency 1,8 dbos restate=PATH/restate-server temporal=PATH/temporal`

Wants saga-chaos on PATH, and in this Python what the engines need: dbos, restate_sdk and hypercorn, temporalio.
An engine whose server is a program of its own is named with the path of that. `sequential` and `parallel` are
the same saga without an engine.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PLAIN = ("sequential", "parallel")


def main():
    parser = argparse.ArgumentParser(description="Compensation latency of sagas on engines.")
    parser.add_argument("engines", nargs="+", metavar="ENGINE[=PROGRAM]")
    parser.add_argument("--steps", default="3,6,12")
    parser.add_argument("--concurrency", default="1")
    parser.add_argument("--latency")
    parser.add_argument("--sagas", default="40")
    given = parser.parse_args()
    print("| engine | steps | at once | until the last undo was acknowledged, p50 (95 %) | p95 | of it in calls |")
    print("|---|---|---|---|---|---|")
    for engine in given.engines:
        for steps in map(int, given.steps.split(",")):
            for cell in measured(*engine.partition("=")[::2], steps, given):
                print(row(engine.partition("=")[0], steps, cell), flush=True)


def measured(engine, program, steps, given):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "saga.toml").write_text(scenario(engine, program, steps))
        line = ["saga-chaos", "bench", "saga.toml", "--world", "wire", "--faults", "reject", "--out", "out"]
        line += ["--steps", f"thing{steps}", "--sagas", given.sagas, "--concurrency", given.concurrency]
        line += ["--warm-up", "3", *(["--latency", given.latency] if given.latency else [])]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        return json.loads((Path(folder) / "out" / "bench.json").read_text())["cells"]


def row(engine, steps, cell):
    undone = cell["undone_s"]
    low, high = (milliseconds(undone["p50"][end]) for end in ("low", "high"))
    p95 = "" if undone["p95"] is None else milliseconds(undone["p95"]["value"])
    middle = milliseconds(undone["p50"]["value"])
    calls = milliseconds(cell["spent"]["in_calls_s"])
    return f"| {engine} | {steps} | {cell['concurrency']} | {middle} ({low} to {high}) | {p95} | {calls} |"


def milliseconds(seconds):
    return "?" if seconds is None else f"{seconds * 1000:.3g} ms"


def scenario(engine, program, steps):
    parts = [f'format_version = 1\nname = "{engine}-{steps}"\n[saga]', *saga(engine, program)]
    parts.append(f"inputs = [{{ steps = {steps} }}]\ntime_limit_s = 120")
    for step in range(1, steps + 1):
        parts.append(f"[participants.desk.resources.thing{step}]")
        parts.append(f'create = "POST /thing{step}"\ndelete_by_saga = "DELETE /thing{step}"')
    for step in range(1, steps + 1):
        parts.append(f'[[steps]]\nname = "thing{step}"\naction = "desk.thing{step}.create"')
        parts.append(f'compensation = "desk.thing{step}.delete_by_saga"')
        parts += ["after = []"] if engine == "parallel" else []
    return "\n".join(parts)


def saga(engine, program):
    if engine in PLAIN:
        target = f"{HERE}/reference_sagas.py:{engine}"
        yield f'adapter = "callable"\ntarget = {json.dumps(target)}'
    else:
        start = [sys.executable, str(HERE / f"{engine}_service.py"), "{port}", *([program] if program else [])]
        yield 'adapter = "http"\nbase_url = "http://127.0.0.1:{port}"'
        yield f"start = {json.dumps(start)}"


if __name__ == "__main__":
    main()
