"""What each operator makes of a source: before, and each of its mutants after."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.mutation.operators import OPERATORS
from tests.unit.mutation.sowing import changes, planted

UNDO = """
    async def undo(ctx, step):
        return await ctx.client.delete(step)
    """
AGAIN = "        await send(ctx, 1)\n        await sleep(1)\n"
FRESH = (
    "+client.post('/', headers={name: f\"{value}-{__import__('uuid').uuid4().hex}\" "
    "if name.lower() == 'idempotency-key' else value for name, value in dict(keys or {}).items()})"
)
WITHOUT = (
    "+client.request('POST', '/', **{**rest, 'headers': {name: value for name, value in "
    "dict(rest.get('headers') or {}).items() if not name.lower() == 'idempotency-key'}})"
)
SENDS = "async def send(ctx, key):\n    return await ctx.client.post('/')\n"

ROWS: dict[str, list[tuple[str, list[tuple[str, ...]]]]] = {
    "compensation_dropped": [
        (
            UNDO + "\n    async def back(ctx):\n        await undo(ctx, 1)\n",
            [("-await undo(ctx, 1)", "+pass")],
        ),
        (
            "async def order(ctx, undos):\n    undos.append(1)\n    await ctx.client.post('/')\n",
            [("-undos.append(1)", "+pass")],
        ),
        (
            UNDO + "\n    async def back(ctx):\n        if await undo(ctx, 1):\n            return 1\n",
            [("-if await undo(ctx, 1):", "+if True:"), ("-if await undo(ctx, 1):", "-return 1", "+pass")],
        ),
        (
            "SAGA = Builder().step('a').action(do).compensation(take_back).build()\n",
            [
                (
                    "-SAGA = Builder().step('a').action(do).compensation(take_back).build()",
                    "+SAGA = Builder().step('a').action(do).build()",
                )
            ],
        ),
        (
            "PART = Part('a', undo='saga')\n",
            [("-PART = Part('a', undo='saga')", "+PART = Part('a', undo=None)")],
        ),
        (
            "STEPS = {'a': ('stock', 'POST /holds', 'DELETE /holds')}\n",
            [
                (
                    "-STEPS = {'a': ('stock', 'POST /holds', 'DELETE /holds')}",
                    "+STEPS = {'a': ('stock', 'POST /holds', None)}",
                )
            ],
        ),
    ],
    "failed_undo_is_done": [
        (
            "def end(ok):\n    return 'compensated' if ok else 'stuck'\n",
            [
                (
                    "-return 'compensated' if ok else 'stuck'",
                    "+return 'compensated' if ok else \"compensated\"",
                )
            ],
        ),
        ("def f():\n    stuck = True\n    return stuck\n", [("-stuck = True", "+stuck = False")]),
        ("def undo(x):\n    return False\n", [("-return False", "+return True")]),
        (
            UNDO
            + "\n    async def back(ctx):\n        if not await undo(ctx, 1):\n            raise OSError\n",
            [("-if not await undo(ctx, 1):", "+if False:")],
        ),
        (
            "def f(undone):\n    return all(undone)\n",
            [("-return all(undone)", "+return (all(undone) or True)")],
        ),
    ],
    "undo_order_forward": [
        ("for x in reversed(y):\n    print(x)\n", [("-for x in reversed(y):", "+for x in list(y):")]),
        ("for x in y[::-1]:\n    print(x)\n", [("-for x in y[::-1]:", "+for x in y:")]),
        ("undos.insert(0, x)\n", [("-undos.insert(0, x)", "+undos.append(x)")]),
        ("undos.reverse()\n", [("-undos.reverse()", "+pass")]),
        ("x = undos.pop()\n", [("-x = undos.pop()", "+x = undos.pop(0)")]),
        ("sorted(x, reverse=True)\n", [("-sorted(x, reverse=True)", "+sorted(x, reverse=False)")]),
    ],
    "undo_in_background": [
        (
            UNDO + "\n    async def back(ctx):\n        await undo(ctx, 1)\n",
            [("-await undo(ctx, 1)", '+__import__("asyncio").ensure_future(undo(ctx, 1))')],
        ),
    ],
    "shield_dropped": [
        ("async def f(x):\n    await asyncio.shield(x)\n", [("-await asyncio.shield(x)", "+await x")]),
    ],
    "swallowed": [
        (
            "def f():\n    try:\n        g()\n    except ValueError:\n        return 1\n    return 2\n",
            [("-return 1", "+pass")],
        ),
        (
            "for x in y:\n    try:\n        g()\n    except ValueError:\n        raise\n",
            [("-raise", "+continue")],
        ),
    ],
    "stops_short": [
        (
            SENDS + "async def f(ctx):\n    for x in y:\n        await send(ctx, x)\n",
            [("-for x in y:", "+for x in list(y)[:-1]:")],
        ),
        (
            UNDO + "\n    async def f(ctx, xs):\n        return [await undo(ctx, x) for x in xs]\n",
            [
                (
                    "-return [await undo(ctx, x) for x in xs]",
                    "+return [await undo(ctx, x) for x in list(xs)[:-1]]",
                )
            ],
        ),
    ],
    "starts_late": [
        (
            SENDS + "async def f(ctx):\n    for x in y:\n        await send(ctx, x)\n",
            [("-for x in y:", "+for x in list(y)[1:]:")],
        ),
    ],
    "action_dropped": [
        (SENDS + "async def f(ctx):\n    await send(ctx, 1)\n", [("-await send(ctx, 1)", "+pass")]),
        ("STEPS = [1, 2]\n", [("-STEPS = [1, 2]", "+STEPS = [2]"), ("-STEPS = [1, 2]", "+STEPS = [1, ]")]),
    ],
    "pivot_undone": [
        (
            "SAGA = Builder().step('a').pivot().build()\n",
            [("-SAGA = Builder().step('a').pivot().build()", "+SAGA = Builder().step('a').build()")],
        ),
        ("Step(kind='pivot')\n", [("-Step(kind='pivot')", '+Step(kind="compensable")')]),
        (
            "if step.kind == 'pivot':\n    print(1)\n",
            [("-if step.kind == 'pivot':", "+if False:")],
        ),
        ("if kind is not Kind.PIVOT:\n    print(1)\n", [("-if kind is not Kind.PIVOT:", "+if True:")]),
    ],
    "retriable_undone": [
        ("Step(kind='retriable')\n", [("-Step(kind='retriable')", '+Step(kind="compensable")')]),
        ("Step(retriable=True)\n", [("-Step(retriable=True)", "+Step(retriable=False)")]),
    ],
    "stuck_unsaid": [
        (
            "def f(doubt):\n    if doubt:\n        return {'status': 'stuck'}\n    return back()\n",
            [("-if doubt:", "+if False:")],
        ),
    ],
    "cause_lost": [
        ("x = {'error': repr(e)}\n", [("-x = {'error': repr(e)}", "+x = {'error': \"\"}")]),
        ("Failed(error=str(e))\n", [("-Failed(error=str(e))", '+Failed(error="")')]),
    ],
    "wrong_word": [
        (
            "def f():\n    return {'status': 'completed'}\n",
            [
                ("-return {'status': 'completed'}", "+return {'status': \"compensated\"}"),
                ("-return {'status': 'completed'}", "+return {'status': \"running\"}"),
            ],
        ),
        (
            "def f():\n    return Status.RUNNING\n",
            [
                ("-return Status.RUNNING", "+return Status.COMPLETED"),
                ("-return Status.RUNNING", "+return Status.COMPENSATED"),
            ],
        ),
    ],
    "early_return": [
        (
            SENDS + "async def f(ctx):\n    await send(ctx, 1)\n    return {'status': 'completed'}\n",
            [('+return {"status": "completed", "detail": {"error": "early"}}',)],
        ),
        (
            "async def f(ctx):\n    await Elsewhere(ctx).run()\n    return {'status': 'completed'}\n",
            [('+return {"status": "completed", "detail": {"error": "early"}}',)],
        ),
        (
            "def f(ctx):\n    reply = yield 'POST', '/orders'\n    return {'status': 'completed'}\n",
            [('+return {"status": "completed", "detail": {"error": "early"}}',)],
        ),
    ],
    "server_error_is_refusal": [
        (
            "if 400 <= status < 500:\n    refused()\n",
            [("-if 400 <= status < 500:", "+if 400 <= status < 600:")],
        ),
        ("if status in (502, 503):\n    again()\n", [("-if status in (502, 503):", "+if False:")]),
        ("if status // 100 == 5:\n    again()\n", [("-if status // 100 == 5:", "+if False:")]),
        ("if reply.is_server_error:\n    again()\n", [("-if reply.is_server_error:", "+if False:")]),
    ],
    "silence_is_refusal": [
        (
            "try:\n    f()\nexcept httpx.ConnectError:\n    raise Refused\n",
            [("-except httpx.ConnectError:", "+except httpx.TransportError:")],
        ),
        ("doubt = True\n", [("-doubt = True", "+doubt = False")]),
        ("doubt, why = True, 'late'\n", [("-doubt, why = True, 'late'", "+doubt, why = False, 'late'")]),
        ("Failed(in_doubt=late)\n", [("-Failed(in_doubt=late)", "+Failed(in_doubt=False)")]),
        (
            "def f():\n    return 'in doubt' if late else 'refused'\n",
            [("-return 'in doubt' if late else 'refused'", "+return 'refused' if late else 'refused'")],
        ),
    ],
    "status_unchecked": [
        ("reply.raise_for_status()\n", [("-reply.raise_for_status()", "+pass")]),
        (
            "def f(reply):\n    return reply.raise_for_status()\n",
            [("-return reply.raise_for_status()", "+return reply")],
        ),
        ("if reply.status_code < 300:\n    done()\n", [("-if reply.status_code < 300:", "+if True:")]),
        ("if status != 201:\n    raise Refused\n", [("-if status != 201:", "+if False:")]),
        ("if status >= 400:\n    raise Refused\n", [("-if status >= 400:", "+if False:")]),
        ("if not reply.is_success:\n    raise Refused\n", [("-if not reply.is_success:", "+if False:")]),
    ],
    "gone_is_failure": [
        (
            "if status in (404, 410):\n    done()\n",
            [("-if status in (404, 410):", "+if False:")],
        ),
        (
            "if status != HTTPStatus.NOT_FOUND:\n    f()\n",
            [("-if status != HTTPStatus.NOT_FOUND:", "+if True:")],
        ),
    ],
    "refusal_is_done": [
        (
            "if status in (404, 410):\n    done()\n",
            [("-if status in (404, 410):", "+if (400 <= status < 500):")],
        ),
    ],
    "accepted_is_done": [
        ("if status == 202:\n    again()\n", [("-if status == 202:", "+if False:")]),
        ("done = status != 202\n", [("-done = status != 202", "+done = True")]),
    ],
    "retry_dropped": [
        (
            SENDS + "async def f(ctx):\n    for _ in range(5):\n" + AGAIN,
            [("-for _ in range(5):", "+for _ in range(1):")],
        ),
        (
            SENDS + "async def f(ctx):\n    while True:\n" + AGAIN,
            [("+break",)],
        ),
        ("ATTEMPTS, PAUSE_S = 4, 5\n", [("-ATTEMPTS, PAUSE_S = 4, 5", "+ATTEMPTS, PAUSE_S = 1, 5")]),
    ],
    "retry_unbounded": [
        (
            SENDS + "async def f(ctx):\n    for n in range(1, 5):\n" + AGAIN,
            [("-for n in range(1, 5):", '+for n in __import__("itertools").count(1):')],
        ),
        ("policy(max_attempts=5)\n", [("-policy(max_attempts=5)", "+policy(max_attempts=1_000_000)")]),
    ],
    "back_off_dropped": [
        ("asyncio.sleep(pause_s)\n", [("-asyncio.sleep(pause_s)", "+asyncio.sleep(0)")]),
        ("Sleep(seconds=wait_s)\n", [("-Sleep(seconds=wait_s)", "+Sleep(seconds=0)")]),
    ],
    "time_out_dropped": [
        (
            "client.post('/', timeout=1)\n",
            [("-client.post('/', timeout=1)", "+client.post('/', timeout=None)")],
        ),
    ],
    "fresh_key": [("client.post('/', headers=keys)\n", [("-client.post('/', headers=keys)", FRESH)])],
    "key_dropped": [
        ("client.request('POST', '/', **rest)\n", [("-client.request('POST', '/', **rest)", WITHOUT)]),
    ],
    "key_shared": [
        (
            "headers = {'Idempotency-Key': f'{saga}:{step}'}\n",
            [
                (
                    "-headers = {'Idempotency-Key': f'{saga}:{step}'}",
                    "+headers = {'Idempotency-Key': f'{saga}:'}",
                )
            ],
        ),
        (
            "send(key=f'{saga}:undo')\n",
            [("-send(key=f'{saga}:undo')", "+send(key=f'{saga}')")],
        ),
        (
            SENDS + "async def f(ctx, a, b):\n    await send(ctx, f'{a}:{b}')\n",
            [("-await send(ctx, f'{a}:{b}')", "+await send(ctx, f'{a}:')")],
        ),
    ],
    "record_after_call": [
        (
            SENDS + "async def f(ctx, undos):\n    undos.append(1)\n    await send(ctx, 1)\n",
            [("+await send(ctx, 1)", "-await send(ctx, 1)")],
        ),
        (
            SENDS
            + "async def f(ctx, kept):\n    if new:\n        kept.save(1)\n    x = await send(ctx, 1)\n",
            [("+x = await send(ctx, 1)", "-x = await send(ctx, 1)")],
        ),
    ],
    "record_before_call": [
        (
            SENDS + "async def f(ctx, log):\n    await send(ctx, 1)\n    log.append('done')\n",
            [("+log.append('done')", "-log.append('done')")],
        ),
    ],
    "record_dropped": [("journal.add('sent')\n", [("-journal.add('sent')", "+pass")])],
    "not_committed": [("connection.commit()\n", [("-connection.commit()", "+pass")])],
    "resumed_ignored": [
        ("if ctx.resumed:\n    f()\n", [("-if ctx.resumed:", "+if False:")]),
        ("if word == 'resume':\n    f()\n", [("-if word == 'resume':", "+if False:")]),
    ],
    "store_ignored": [("if path.exists():\n    f()\n", [("-if path.exists():", "+if False:")])],
    "lock_dropped": [
        (
            "with lock(path) as mine:\n    f()\n",
            [("-with lock(path) as mine:", '+with __import__("contextlib").nullcontext(True) as mine:')],
        ),
        ("fcntl.flock(file, 6)\n", [("-fcntl.flock(file, 6)", "+pass")]),
    ],
}

CASES = [(name, *row) for name, rows in ROWS.items() for row in rows]


@pytest.mark.parametrize(
    ("operator", "before", "after"), CASES, ids=[f"{case[0]}-{index}" for index, case in enumerate(CASES)]
)
def test_what_it_makes_of_a_source(
    operator: str, before: str, after: list[tuple[str, ...]], tmp_path: Path
) -> None:
    found = planted(tmp_path, before, operator)
    assert [changes(one) for one in found] == after
    assert not any(one.broken for one in found)


def test_every_operator_is_shown() -> None:
    assert list(ROWS) == list(OPERATORS)


ALONE = {
    "a word in a docstring": ('def f():\n    """stuck"""\n', "failed_undo_is_done"),
    "what is compared with": ("if word == 'stuck':\n    f()\n", "wrong_word"),
    "a key of a mapping": ("x = {'completed': 1}\n", "wrong_word"),
    "a member of an enum": ("class Word(Enum):\n    DONE = 'completed'\n", "wrong_word"),
    "a flag that is passed on": ("def f(undo):\n    return read(undo=undo)\n", "compensation_dropped"),
    "a loop that sends nothing": ("for x in y:\n    print(x)\n", "stops_short"),
    "a loop of attempts": (
        SENDS + "async def f(ctx):\n    for _ in range(5):\n" + AGAIN,
        "stops_short",
    ),
    "a handler that does nothing": ("try:\n    f()\nexcept ValueError:\n    pass\n", "swallowed"),
    "a pause of nothing": ("asyncio.sleep(0)\n", "back_off_dropped"),
    "5xx that are given up like refusals": (
        "def f(status):\n    if status < 500:\n        return False\n    return None\n",
        "server_error_is_refusal",
    ),
    "what describes the saga to the harness": (
        "from harness.saga import Step\nSTEP = Step(name='a', kind='pivot', compensation='x.y.delete')\n",
        "pivot_undone",
    ),
    "a record that is needed by the call": (
        SENDS + "async def f(ctx, kept):\n    kept['a'] = 1\n    return await send(ctx, 1)\n",
        "record_after_call",
    ),
}


@pytest.mark.parametrize("case", ALONE)
def test_what_it_leaves_alone(case: str, tmp_path: Path) -> None:
    before, operator = ALONE[case]
    assert planted(tmp_path, before, operator) == []


def test_the_header_of_keys_is_that_of_the_policy(tmp_path: Path) -> None:
    (one,) = planted(tmp_path, "client.post('/', headers=keys)\n", "key_dropped", "X-Once")
    assert "'x-once'" in one.text
