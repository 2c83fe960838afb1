"""Every bad input: one message that says where, what was found and what was expected; its exit code.

Never a traceback of ours, never a pass.
"""

from __future__ import annotations

import json
import os
import socket
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.unit.cli.console import FIRST_SAGA, saga_chaos

TOML = """
format_version = 1
name = "user"
[saga]
adapter = "callable"
target = "sagas.py:saga"
[participants.shop.resources.order]
create = "POST /orders"
delete_by_saga = "DELETE /orders"
[[steps]]
name = "order"
action = "shop.order.create"
compensation = "shop.order.delete_by_saga"
"""

FAILURE = {
    "format_version": 1,
    "scenario": {"name": "user", "reference": "order-fulfilment"},
    "world": "sim",
    "input": {},
    "plan": [{"kind": "slow", "operation": "payments.charge.create"}],
    "saga_id": "saga-1",
    "invariant": "termination",
}


@dataclass(frozen=True, kw_only=True)
class Bad:
    """`files` are written first; `says` must all be in what is said on standard error or output."""

    arguments: tuple[str, ...]
    code: int
    says: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)


def saga(code: str, **change: str) -> dict[str, str]:
    """A user's folder with one saga of this body."""
    body = textwrap.indent(textwrap.dedent(code).strip(), "    ")
    source = f"import os, sys, socket, threading, time\n\ndef saga(ctx, input):\n{body}\n"
    toml = TOML
    for old, new in change.items():
        toml = toml.replace(old, new)
    return {"saga.toml": toml, "sagas.py": source}


def failure(**change: object) -> dict[str, str]:
    return {"failure.json": json.dumps({**FAILURE, **change})}


def plan(**fault: object) -> dict[str, str]:
    return failure(plan=[{"kind": "slow", "operation": "payments.charge.create", **fault}])


RUN = ("run", "saga.toml", "--depth", "0", "--search", "guided")
REPLAY = ("replay", "failure.json")

CASES: dict[str, Bad] = {
    "no command": Bad(arguments=(), code=2, says=("found no command", "--help")),
    "unknown command": Bad(arguments=("rum",), code=2, says=("rum", "run")),
    "unknown option": Bad(arguments=("run", "--dept", "3", "--fast"), code=2, says=("--fast",)),
    "unknown scenario": Bad(
        arguments=("run", "order-fulfillment"),
        code=2,
        says=("'order-fulfillment'", "expected 'order-fulfilment' (did you mean it?)"),
    ),
    "missing toml": Bad(arguments=("run", "no/saga.toml"), code=2, says=("no/saga.toml", "expected")),
    "toml with an unknown key": Bad(
        arguments=RUN,
        code=2,
        says=("saga.toml, line 5", "'adaptor'", "'adapter'"),
        files=saga("pass", adapter="adaptor"),
    ),
    "toml of another version": Bad(
        arguments=RUN,
        code=2,
        says=("format_version", "found 7", "expected 1"),
        files=saga("pass") | {"saga.toml": TOML.replace("format_version = 1", "format_version = 7")},
    ),
    "module that is not there": Bad(
        arguments=("run", "no.such.module:saga"), code=2, says=("no.such.module", "expected a module")
    ),
    "module that fails to import": Bad(
        arguments=RUN,
        code=2,
        says=("saga.toml, line 6, saga.target", "sagas.py:1: ZeroDivisionError"),
        files={"saga.toml": TOML, "sagas.py": "1 / 0\n"},
    ),
    "object of the wrong type": Bad(
        arguments=("run", "thing.py:thing"),
        code=2,
        says=("found 7", "expected a Scenario"),
        files={"thing.py": "thing = 7\n"},
    ),
    "object that is not there": Bad(
        arguments=("run", "thing.py:thin"),
        code=2,
        says=("found 'thin'", "'thing'"),
        files={"thing.py": "thing = 7\n"},
    ),
    "depth below 0": Bad(
        arguments=("run", "order-fulfilment", "--depth", "-1"), code=2, says=("--depth", "-1", "from 0 on")
    ),
    "depth that is no number": Bad(
        arguments=("run", "--depth", "deep"), code=2, says=("--depth", "'deep'", "expected a whole number")
    ),
    "no seconds": Bad(
        arguments=("run", "order-fulfilment", "--seconds", "0"), code=2, says=("--seconds", "0.0", "above 0")
    ),
    "no examples": Bad(
        arguments=("run", "order-fulfilment", "--examples", "0"), code=2, says=("--examples", "from 1 on")
    ),
    "no workers": Bad(
        arguments=("run", "order-fulfilment", "--workers", "0"), code=2, says=("--workers", "from 1 on")
    ),
    "unknown world": Bad(arguments=("run", "--world", "moon"), code=2, says=("--world", "moon", "sim")),
    "out is a file": Bad(
        arguments=("run", "order-fulfilment", "--out", "taken"),
        code=4,
        says=("taken", "cannot write", "--out"),
        files={"taken": ""},
    ),
    "out is read-only": Bad(
        arguments=("run", "order-fulfilment", "--out", "/proc/saga-chaos"),
        code=4,
        says=("/proc/saga-chaos", "cannot write", "--out"),
    ),
    "replay of nothing": Bad(arguments=REPLAY, code=2, says=("failure.json", "expected a file")),
    "replay of no JSON": Bad(
        arguments=REPLAY, code=2, says=("failure.json", "expected JSON"), files={"failure.json": "{"}
    ),
    "replay of another version": Bad(
        arguments=REPLAY,
        code=2,
        says=("failure.json, format_version: found 2", "expected 1"),
        files=failure(format_version=2),
    ),
    "replay of an unknown key": Bad(
        arguments=REPLAY, code=2, says=("'plam'", "'plan'"), files=failure(plam=[])
    ),
    "replay with an unknown claim": Bad(
        arguments=REPLAY,
        code=2,
        says=("failure.json, added_claims: found 'proces_death'", "'process_death'"),
        files=failure(added_claims=["proces_death"]),
    ),
    "replay of an unknown operation": Bad(
        arguments=REPLAY,
        code=2,
        says=("failure.json, plan, fault 1, operation", "payments.charg.create", "'payments.charge.create'"),
        files=plan(operation="payments.charg.create"),
    ),
    "replay of an unknown kind": Bad(
        arguments=REPLAY,
        code=2,
        says=("failure.json, plan, fault 1, kind", "'slo'", "'slow'"),
        files=plan(kind="slo"),
    ),
    "replay of a count of nothing": Bad(
        arguments=REPLAY, code=2, says=("fault 1, count", "found 0"), files=plan(count=0)
    ),
    "replay of an unknown invariant": Bad(
        arguments=REPLAY,
        code=2,
        says=("failure.json, invariant", "'terminaton'", "'termination'"),
        files=failure(invariant="terminaton"),
    ),
    "replay of a scenario that is gone": Bad(
        arguments=REPLAY,
        code=2,
        says=("failure.json, scenario.reference", "'gone'", "expected"),
        files=failure(scenario={"name": "gone", "reference": "gone"}),
    ),
    "gate on an empty folder": Bad(arguments=("gate", "."), code=2, says=("no report.json", "expected")),
    "gate on no folder": Bad(arguments=("gate", "nowhere"), code=2, says=("no such folder", "expected")),
    "policy with an unknown key": Bad(
        arguments=("gate", ".", "--policy", "policy.toml"),
        code=2,
        says=("policy.toml", "'waiver'", "'waivers'"),
        files={"policy.toml": "waiver = []\n"},
    ),
    "proxy on another machine's address": Bad(
        arguments=("proxy", "--host", "0.0.0.0"), code=2, says=("0.0.0.0", "expected a loopback address")
    ),
    "proxy on no port": Bad(arguments=("proxy", "--port", "70000"), code=2, says=("70000", "65535")),
    "scaffold over a folder": Bad(
        arguments=("scaffold", "mine", "--adapter", "callable"),
        code=2,
        says=("mine", "there already", "expected a name that is free"),
        files={"mine/kept": ""},
    ),
    "scaffold with a bad name": Bad(
        arguments=("scaffold", "../mine", "--adapter", "callable"), code=2, says=("'../mine'", "letters")
    ),
    "scaffold with a bad service": Bad(
        arguments=("scaffold", "mine", "--adapter", "callable", "--service", "a.b"),
        code=2,
        says=("--service", "'a.b'", "letters"),
    ),
    "scaffold with services that are one": Bad(
        arguments=("scaffold", "m", "--adapter", "callable", "--service", "a-b", "--service", "A_B"),
        code=2,
        says=("--service", "'A_B'", "'a-b'"),
    ),
    "scaffold without an adapter": Bad(arguments=("scaffold", "mine"), code=2, says=("--adapter",)),
    "sim for a subprocess": Bad(
        arguments=("run", "saga.toml", "--world", "sim"),
        code=2,
        says=("world: found 'sim'", "'user'", "expected wire"),
        files={
            "saga.toml": TOML.replace('"callable"', '"subprocess"').replace(
                'target = "sagas.py:saga"', 'command = ["true"]'
            )
        },
    ),
    "bench with no sagas": Bad(
        arguments=("bench", "order-fulfilment", "--sagas", "0"), code=2, says=("--sagas", "from 1 on")
    ),
    "bench at no rate": Bad(
        arguments=("bench", "order-fulfilment", "--rate", "0"), code=2, says=("--rate", "0.0", "more than 0")
    ),
    "bench of a step that is not there": Bad(
        arguments=("bench", "order-fulfilment", "--steps", "proces_payment"),
        code=2,
        says=("--steps", "'proces_payment'", "did you mean", "process_payment"),
    ),
    "bench with a fault that is not there": Bad(
        arguments=("bench", "order-fulfilment", "--faults", "rejct"),
        code=2,
        says=("--faults", "'rejct'", "reject"),
    ),
    "bench over a network that is not there": Bad(
        arguments=("bench", "order-fulfilment", "--latency", "moon"),
        code=2,
        says=("--latency", "'moon'", "lan, wan, or a TOML file"),
    ),
    "bench over a network with more jitter than time": Bad(
        arguments=("bench", "order-fulfilment", "--latency", "link.toml"),
        code=2,
        says=("link.toml, line 2", "jitter_ms", "0 to one_way_ms, which is 5"),
        files={"link.toml": "one_way_ms = 5\njitter_ms = 6\n"},
    ),
    "bench with a link of nobody": Bad(
        arguments=("bench", "order-fulfilment", "--latency", "link.toml"),
        code=2,
        says=("--latency, participants", "paymnts", "payments"),
        files={"link.toml": "one_way_ms = 1\n[participants.paymnts]\none_way_ms = 5\n"},
    ),
    "bench that may not be slower than nothing": Bad(
        arguments=("bench", "order-fulfilment", "--fail-above", "1.1"), code=2, says=("--baseline FILE",)
    ),
    "bench with a baseline of something else": Bad(
        arguments=("bench", "order-fulfilment", "--baseline", "base.json"),
        code=2,
        says=("base.json", "format_version", "None"),
        files={"base.json": "{}"},
    ),
    "bench of a saga that undoes nothing": Bad(
        arguments=("bench", "saga.toml"),
        code=2,
        says=("'user'", "fault-free run: found 'stuck'", "expected completed"),
        files=saga("return {'status': 'stuck', 'detail': {'error': 'always'}}"),
    ),
    "doctor on a scenario that is not there": Bad(
        arguments=("doctor", "ordr-fulfilment"), code=2, says=("expected 'order-fulfilment' (did you mean",)
    ),
    "doctor on a saga that never completes": Bad(
        arguments=("doctor", "saga.toml"),
        code=2,
        says=("FAILED", "when nothing fails, it ends stuck"),
        files=saga("return {'status': 'stuck', 'detail': {'error': 'always'}}"),
    ),
    "a hang limit that is no number": Bad(
        arguments=("run", "order-fulfilment"),
        code=2,
        says=("SAGA_CHAOS_HUNG_AFTER_S", "'soon'", "above 0"),
    ),
    "saga that raises": Bad(
        arguments=RUN,
        code=1,
        says=("termination", "RuntimeError: mine"),
        files=saga("raise RuntimeError('mine')"),
    ),
    "saga that hangs": Bad(
        arguments=RUN, code=1, says=("termination", "hung", "sagas.py"), files=saga("while True: pass")
    ),
    "saga that exits": Bad(
        arguments=RUN, code=1, says=("termination", "SystemExit: 0"), files=saga("sys.exit(0)")
    ),
    "saga that ends the process": Bad(
        arguments=RUN, code=1, says=("termination", "ended the process"), files=saga("os._exit(0)")
    ),
    "saga that returns nonsense": Bad(
        arguments=RUN, code=1, says=("termination", "the saga returned: found 7"), files=saga("return 7")
    ),
    "saga that starts a thread in sim": Bad(
        arguments=RUN,
        code=2,
        says=("'user', world sim", "thread", "sagas.py", "--world wire"),
        files=saga("threading.Thread(target=print).start()"),
    ),
    "saga that opens a socket in sim": Bad(
        arguments=RUN,
        code=2,
        says=("'user', world sim", "sagas.py", "--world wire"),
        files=saga("socket.create_connection(('127.0.0.1', 9))"),
    ),
    "replay of a saga that ends the process": Bad(
        arguments=REPLAY,
        code=1,
        says=("STILL FAILS", "termination", "ended the process"),
        files=saga("os._exit(0)")
        | failure(
            scenario={"name": "user", "reference": "saga.toml"},
            plan=[{"kind": "slow", "operation": "shop.order.create"}],
        ),
    ),
}

ENVIRONMENTS = {"a hang limit that is no number": {"SAGA_CHAOS_HUNG_AFTER_S": "soon"}}


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    for path, content in case.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    done = saga_chaos(case.arguments, tmp_path, ENVIRONMENTS.get(name))
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert "a bug of ours" not in said, said
    assert [words for words in case.says if words not in said] == [], said
    assert done.returncode == case.code, said
    if case.code == 2 and "doctor" not in case.arguments:
        assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_taken(taken_port: int, tmp_path: Path) -> None:
    done = saga_chaos(["proxy", "--port", str(taken_port)], tmp_path)
    assert done.returncode == 4
    assert f"127.0.0.1:{taken_port}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_run_that_is_wrong_writes_nothing(tmp_path: Path) -> None:
    saga_chaos(["run", "order-fulfilment", "no-such-scenario"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_example_fails_with_its_counterexample_last(tmp_path: Path) -> None:
    done = saga_chaos(["run", str(FIRST_SAGA), "--search", "guided", "--depth", "1"], tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("  Replay: saga-chaos replay reports/out/")


@pytest.mark.parametrize("inside", [False, True])
def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path, inside: bool) -> None:
    """Linux takes any bytes; nothing that we write could name them."""
    odd = tmp_path / os.fsdecode(b"d\xff")
    odd.mkdir()
    (odd / "saga.toml").write_text(TOML)
    done = saga_chaos(["run"] if inside else ["run", f"{odd.name}/saga.toml"], odd if inside else tmp_path)
    assert done.returncode == 2
    assert r"d\udcff" in done.stderr
    assert "expected a name in UTF-8" in done.stderr
    assert not (odd / "reports").exists()
