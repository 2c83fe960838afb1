"""`python -m tests.docs.reference`: docs/reference-saga-toml.md, from the tables of keys that the loader reads.

Which keys there are, and in which order, is the loader's; their words are here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.bus import Promise
from harness.loader import (
    answers_keys,
    bus_table,
    kinds_table,
    own_service_table,
    participant_class,
    participants_table,
    saga_table,
    steps_table,
    toml_file,
)
from harness.loader.adapters import ADAPTERS
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "reference-saga-toml.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table of a saga.toml: its heading, what is said before the keys, and what each key means.

    words: key to its default and what it says. Keys of one row stand together: "time_limit_s, patience_s".
    """

    title: str
    keys: Sequence[str]
    words: Mapping[str, tuple[str, str]]
    before: str = ""


_LIMIT = "how many there may be by sagas that completed; the participant does not look"
_NEEDED = "needed"
_ANSWERS = "what it answers: [participants](participants.md#what-a-resource-answers)"
_OWN = "[your own services](own-services.md)"
_ANSWER_WORDS = {
    "answer, created, undone, id, items, error": (
        '`{ id = "{id}" }`, 201, 204 (201 of a POST), `"id"`, `"items"`, `{ error = "{error}" }`',
        _ANSWERS,
    )
}


def sections() -> tuple[Section, ...]:
    """Every table, in the order of the page."""
    return (
        Section(
            title="The file",
            keys=toml_file._KEYS,
            words={
                "format_version": (_NEEDED, "1"),
                "name": (_NEEDED, "what the scenario is called in reports"),
                "saga": (_NEEDED, "the table `[saga]`"),
                "participants": (_NEEDED, "a table `[participants.NAME]` for each"),
                "steps": (_NEEDED, "a table `[[steps]]` for each, in their order"),
            },
        ),
        Section(
            title="[saga]",
            keys=saga_table.SAGA_KEYS,
            words={
                "adapter": (_NEEDED, f"{_words(ADAPTERS.ours)}, or one that an installed package offers"),
                "env": (
                    "`{}`",
                    "variables for the processes of the saga: of a command, or of what `start` starts",
                ),
                "claims": (
                    '`["lost_reply"]`',
                    "what the saga claims to survive: [process faults](process-faults.md)",
                ),
                "input": (
                    "absent",
                    "a JSON Schema of inputs, in place of `inputs` or beside them: guided search takes a few small "
                    "ones, Hypothesis draws and shrinks them with the faults",
                ),
                "inputs": ("`[{}]`", "what the saga is given; one is drawn for each run"),
                "cases": (
                    "absent",
                    'in place of `inputs`: a table `[[saga.cases]]` for each, with `input`, and `expect = "completed"` '
                    '(the default) or `"compensated"` for how its run without faults ends',
                ),
                "time_limit_s, patience_s": (
                    "600 in sim, 20 on the wire; half of it",
                    "to an outcome once all has healed; until faults end at the latest",
                ),
                "requires": ("from the claims and steps", "situations that a pass must have seen"),
                "sources": (
                    "the target's file, and what it imports from its folder",
                    "Python files and folders that `mutate` may plant mistakes in",
                ),
                "redact": (
                    "`[]`",
                    "names of headers, parameters, fields (or paths `a.b` of fields) and placeholders of routes that "
                    "histories and reports hide, beside those that say themselves that they are secret",
                ),
                "policy, correlation": ("`{}`", "the tables below"),
                "overlap": (
                    "absent",
                    "several sagas in one run: `{ sagas = 2, preemptions = 2, inputs = […] }`, "
                    "[several sagas](several-sagas.md)",
                ),
                "invariants, situations, faults": (
                    "`[]`",
                    'your own, as `"checks.py:NAME"`, or by the name under which an installed package offers them',
                ),
            },
        ),
        Section(
            title="[saga] of each adapter",
            keys=[key for plugin in ADAPTERS.ours.values() for key in plugin.keys],
            before="[A callable](callable.md), [a command](command.md), [a service](http.md).",
            words={
                "target": ("callable", '`"sagas.py:order"`, or `"package.module:order"`'),
                "command": ("subprocess", '`["node", "saga.js"]`'),
                "base_url": ("http", '`"http://127.0.0.1:{port}"`'),
                "start": ("http", "the command that starts the service; without it, it is up already"),
                "paths": ("http", '`{ start = "/sagas", status = "/sagas/{id}" }`'),
                "fields": (
                    "http",
                    '`{ id = "id", input = "input", status = "status", detail = "detail" }`, or paths like '
                    '`"order.state"`; `made_id`: where the service tells an id of its own',
                ),
                "statuses": ("http", '`{ BOOKED = "completed", FAILED = "compensated" }`'),
                "handlers": (
                    "handlers",
                    "a table of events, each with the function, or functions, that get it: [messages](messages.md)",
                ),
                "starts": ("handlers", "the event that the harness publishes, with the input as its data"),
                "outcome": ("handlers", '`{ completed = "OrderConfirmed", compensated = "OrderCancelled" }`'),
                "replies": (
                    "handlers",
                    "a list of events that answer commands: each goes to whoever waits for it in `ctx.request`",
                ),
                "bus": ("handlers", "the participant that is the bus, where there are several"),
                "restart": ("http", '`"when_killed"`, or `"each_run"`'),
            },
        ),
        Section(
            title="[[saga.cases]]",
            keys=saga_table._CASE_KEYS,
            words={
                "input": (_NEEDED, "the input"),
                "expect": ('`"completed"`', 'or `"compensated"`: how a run without faults ends'),
            },
        ),
        Section(
            title="[saga.policy]",
            keys=saga_table._POLICY_KEYS,
            before="Where sagas may rightly differ.",
            words={
                "failed_step": ('`"may"`', '`"must"`, `"never"`: undo of a step that surely was not applied'),
                "untried_step": ('`"never"`', '`"may"`: undo of a step that was never sent'),
                "order": ('`"strict"`; `"dependency"` once a step sets `after`', 'or `"none"`'),
                "failed_compensation": ('`"stuck"`', 'or `"forever"`: an undo is retried without end'),
                "max_attempts, min_gap_s": ("12, 0.01", "per step and direction; seconds between them"),
                "key_header": ('`"Idempotency-Key"`', "the header that carries keys"),
                "retry_after": (
                    '`"may"`',
                    '`"must"`: a Retry-After that is not kept is an alarm, and not merely advice',
                ),
            },
        ),
        Section(
            title="[saga.correlation]",
            keys=saga_table._CORRELATION_KEYS,
            before="Where a call says whose it is.",
            words={
                "field": ('`"saga_id"`', "a field of the JSON body (a path `a.b.c`), and of the query"),
                "header": ("none", "a header"),
                "pattern": (
                    '`"{saga_id}"`',
                    'how the saga\'s id stands in what was found there and in the key, as in `"order-{saga_id}"`',
                ),
            },
        ),
        Section(
            title="[participants.NAME]",
            keys=("listen", "resources", *participant_class.CLASS_KEYS, *own_service_table.OWN_KEYS),
            words={
                "listen": (
                    "absent",
                    'a fixed address, `"127.0.0.1:9001"`, for a saga that cannot be told another',
                ),
                "resources": (_NEEDED, "a table `[participants.NAME.resources.RESOURCE]` for each"),
                "class, with": (
                    "absent",
                    "in place of `resources`: [a participant in Python](participants.md#a-participant-in-python), as "
                    '`"fakes.py:Flights"`, and what the class is called with',
                ),
                "url, start, env, cwd, health, holds, reset, headers": ("absent", f"{_OWN} behind the proxy"),
            },
        ),
        Section(
            title='[participants.NAME]: kind = "bus"',
            keys=bus_table._KEYS,
            before="[Messages](messages.md).",
            words={
                "kind": (_NEEDED, '`"bus"`'),
                "events": (_NEEDED, "the types of events that it carries"),
                "order": ('`"none"`', '`"key"`: messages of one key keep their order'),
                "attempts": (str(Promise().attempts), "deliveries until a message is a dead letter"),
                "ack_timeout_s, redeliver_after_s": (
                    f"{Promise().ack_timeout_s}, {Promise().redeliver_after_s}",
                    "how long an acknowledgement is awaited; the pause after a refusal, which doubles",
                ),
                "steps": (
                    "`{}`",
                    "steps that events stand for: `reserve = { done = 'StockReserved', undone = 'StockFreed' }`",
                ),
                "broker": (
                    "absent",
                    '`"rabbitmq"`, or `"redis"`: its streams; carries the messages on the wire',
                ),
                "url": (
                    "one is started",
                    "of a broker that runs: `amqp://guest:guest@127.0.0.1:5672/`, `redis://127.0.0.1:6379/0`",
                ),
                "subscriptions": (
                    "`[]`",
                    "services that take events, on the wire: `{ types = ['OrderPlaced'], url = 'http://…', name = 'mails' }`",
                ),
            },
        ),
        Section(
            title="A resource: a record",
            keys=participants_table._RESOURCE_KEYS,
            before='What is created and deleted. Routes are `"METHOD /path/{id}"`, or a list of them; other placeholders '
            "stand for any part of a path.",
            words={
                "create": (_NEEDED + " by a step", "makes one"),
                "delete": ("absent", "undoes by id"),
                "delete_by_saga": ("absent", "undoes all that the saga has there"),
                "get": ("absent", "asks for one"),
                "find": (
                    "absent",
                    "asks for all of a saga; of several sagas, where none is named, for all of them",
                ),
                "undo_answers, action_answers": (
                    '`"done"`',
                    '`"accepted"`: 202 first, done when it is sent again',
                ),
                "repeats": ('`"key"`', '`"natural"`: one for each saga and step; `"none"`: each is another'),
                "refuses": ("409", "the status of a refusal"),
                "at_most": ("absent", f"{_LIMIT}: *isolation*"),
                "expires_s": (
                    "never",
                    "seconds after which it is over by itself, unless it was confirmed by then",
                ),
                "confirms": (
                    "nothing",
                    "a record with `expires_s` that a create here keeps: the one of `{id}`, else all of the saga's",
                ),
                "kind": ('`"record"`', '`"state"`, `"balance"`, `"stock"`: below'),
                **_ANSWER_WORDS,
                "holds, tombstones": (
                    "absent, `true`",
                    f"of {_OWN}: what it holds; that an undo is remembered",
                ),
            },
        ),
        Section(
            title='A resource: kind = "state"',
            keys=kinds_table._STATE_KEYS,
            before="[States](participants.md#a-state).",
            words={
                "kind": (_NEEDED, '`"state"`'),
                "field": ('`"state"`', "the field that holds the state"),
                "states": (_NEEDED, "every state, the first one first"),
                "transitions": (_NEEDED, "a table for each"),
                "etag": (
                    "`false`",
                    "answers carry an ETag, and an If-Match that is not the newest is refused with 412",
                ),
                "get": ("absent", "asks for the state"),
                "repeats": ('`"natural"`', 'or `"key"`'),
                "refuses": ("409", "the status where the state does not allow it"),
                "at_most": ("`{}`", f"of states, as in `{{ booked = 1 }}`: {_LIMIT}: *isolation*"),
                **_ANSWER_WORDS,
            },
        ),
        Section(
            title="A transition",
            keys=kinds_table._TRANSITION_KEYS,
            words={
                "route": (_NEEDED, "where it is asked for, with `{id}`"),
                "from, to": (_NEEDED, "a state or a list of them; a state"),
                "undoes": ("none", "the transitions that it takes back"),
                "expires_s": (
                    "never",
                    "seconds after which it is over by itself, unless the state was left by then",
                ),
            },
        ),
        Section(
            title='A resource: kind = "balance" or "stock"',
            keys=kinds_table._BALANCE_KEYS,
            before="[Balances and stock](participants.md#a-balance-or-a-stock).",
            words={
                "kind": (_NEEDED, '`"balance"` or `"stock"`'),
                "postings": (_NEEDED, "a table for each"),
                "opening": ("0", "what is there at the start: a number for every account, or a table"),
                "amount": ('`"amount"`; `"quantity"` of a stock', "the field that says how much"),
                "conserved": ("`false`", "what a saga moved there has to come to zero"),
                "below_zero": ("`false`", "more may be taken than is there: who takes has to look"),
                "get": ("absent", "asks for the account"),
                "repeats": ('`"key"`', 'or `"natural"`, `"none"`'),
                "refuses": ("409", "the status where there is not enough"),
                **_ANSWER_WORDS,
            },
        ),
        Section(
            title="A posting",
            keys=kinds_table._POSTING_KEYS,
            words={
                "route": (_NEEDED, "where it is asked for, with `{id}`"),
                "does": (
                    "its name",
                    "`debit`, `credit`, `hold`, `capture`, `release`; of a stock `take`, `put`, `reserve`, `ship`, `release`",
                ),
                "undoes": ("none", "the postings that it takes back"),
                "expires_s": (
                    "never",
                    "of a hold: seconds after which what was not captured is released by itself",
                ),
            },
        ),
        Section(
            title="[[steps]]",
            keys=steps_table._KEYS,
            words={
                "name": (_NEEDED, "what the step is called in reports and keys"),
                "actions, compensations": (
                    "absent",
                    "in place of `action` and `compensation`: [a step of several calls](participants.md#steps-of-several-calls-and-steps-that-only-read)",
                ),
                "reads": ("absent", "in place of them: a query; the step only asks"),
                "action": (_NEEDED, "the operation that does it: `participant.resource.create`"),
                "compensation": ("none", "the one that undoes it: `participant.resource.delete`"),
                "kind": (
                    '`"compensable"`',
                    '`"pivot"`: the point of no return; `"retriable"`: tried until it succeeds',
                ),
                "after": ("the step before", "names of steps: a DAG"),
                "optional": ("`false`", "the saga may complete without it"),
            },
        ),
    )


def _words(names: Mapping[str, object]) -> str:
    return ", ".join(f'`"{name}"`' for name in names)


def page() -> str:
    """The whole page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield "# Every key of `saga.toml`"
    yield ""
    yield "<!-- python -m tests.docs.reference writes this page -->"
    yield ""
    yield "A key that is not here is refused, with the nearest that is. Every message names file, line and key."
    for section in sections():
        yield from ("", f"## {section.title}", "")
        if section.before:
            yield from (section.before, "")
        column = "adapter" if section.title.endswith("each adapter") else "default"
        yield f"| key | {column} | what it says |"
        yield "|---|---|---|"
        for names, (default, says) in section.words.items():
            shown = ", ".join(f"`{name}`" for name in names.split(", "))
            yield f"| {shown} | {default} | {says} |"


def unsaid() -> list[str]:
    """Keys of the loader that have no words here, and words here for keys that it has not."""
    found = []
    for section in sections():
        told = [name for names in section.words for name in names.split(", ")]
        keys = list(map(str, section.keys))
        found += [f"{section.title}: {key}" for key in {*told} ^ {*keys}]
        assert len(told) == len(set(told)), section.title
    return sorted(found)


def main() -> int:
    """Write the page."""
    assert answers_keys.ANSWER_KEYS  # they stand in each kind of resource
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
