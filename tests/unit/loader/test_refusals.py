"""Every error of a saga.toml names the file, the line, the key and what was expected there."""

from __future__ import annotations

import re

import pytest

from harness.errors import ScenarioError
from harness.loader import load_scenario
from tests.unit.loader.conftest import MINIMAL, Write
from tests.unit.loader.test_toml_file import HTTP

TARGET = 'target = "sagas.py:order"\n'
RESERVATION = 'create = "POST /reservations"\n'
UNDO = 'delete = "DELETE /reservations/{id}"\n'
ACTION = 'action = "payments.charge.create"\n'
COMPENSATION = 'compensation = "inventory.reservation.delete"\n'
PARTICIPANT = "[participants.inventory.resources.reservation]\n"


def _saga(line: str) -> str:
    return MINIMAL.replace(TARGET, TARGET + line + "\n")


def _policy(line: str) -> str:
    return _saga("[saga.policy]\n" + line)


def _correlation(line: str) -> str:
    return _saga("[saga.correlation]\n" + line)


def _resource(line: str) -> str:
    return MINIMAL.replace(UNDO, UNDO + line + "\n")


def _step(line: str) -> str:
    return MINIMAL.replace(ACTION, ACTION + line + "\n")


def _subprocess(line: str) -> str:
    return MINIMAL.replace('adapter = "callable"\n' + TARGET, f'adapter = "subprocess"\n{line}\n')


def _http(line: str, key: str) -> str:
    return re.sub(rf"(?m)^{key} = .*$", line.replace("\\", "\\\\"), HTTP)


# content, what the line that is named begins with, and what the message says
UNKNOWN = {
    "top level": (
        "descriptoin = 1\n" + MINIMAL,
        "descriptoin",
        ["unknown key 'descriptoin'", "one of format_version, name, participants"],
    ),
    "misspelt table": (
        MINIMAL.replace("[participants.inv", "[particpants.inv"),
        "[particpants",
        ["unknown key 'particpants'", "'participants' (did you mean it?)"],
    ),
    "saga": (
        _saga("time_limits = 3"),
        "time_limits",
        ["saga.time_limits", "'time_limit_s' (did you mean it?)"],
    ),
    "misspelt required key": (
        MINIMAL.replace("adapter =", "adaptor ="),
        "adaptor",
        ["saga.adaptor", "'adapter' (did you mean it?)"],
    ),
    "policy": (_policy("max_attempt = 3"), "max_attempt", ["saga.policy.max_attempt", "'max_attempts' (did"]),
    "inline policy": (_saga("policy = { ordr = 1 }"), "policy = {", ["saga.policy.ordr", "'order' (did"]),
    "case": (
        _saga('[[saga.cases]]\ninput = { a = 1 }\nexpects = "completed"'),
        "expects",
        ["saga.cases #1.expects", "'expect' (did you mean it?)"],
    ),
    "answers": (
        _resource("anwser = { a = 1 }"),
        "anwser",
        ["resources.reservation.anwser", "'answer' (did you mean it?)"],
    ),
    "correlation": (
        _correlation('heading = "X-Order"'),
        "heading",
        ["saga.correlation.heading", "'header' (did you mean it?)"],
    ),
    "participant": (
        MINIMAL.replace(PARTICIPANT, '[participants.inventory]\nlisten_at = "x"\n' + PARTICIPANT),
        "listen_at",
        ["participants.inventory.listen_at", "'listen' (did"],
    ),
    "resource": (
        _resource('repeat = "key"'),
        "repeat =",
        ["participants.inventory.resources.reservation.repeat", "'repeats' (did"],
    ),
    "tombstones": (_resource("tombstones = false"), "tombstones", ["a participant with url or start"]),
    "step": (_step('undo = "x"\ncompensate = "y"'), "undo", ["steps #2.undo", "compensation, compensations"]),
    "step, nearest": (_step('compensate = "y"'), "compensate", ["'compensation' (did you mean it?)"]),
    "http paths": (
        _http('paths = { begin = "/x" }', "paths"),
        "paths",
        ["saga.paths.begin", "start, status"],
    ),
    "http fields": (
        _http('fields = { imput = "x" }', "fields"),
        "fields",
        ["saga.fields.imput", "'input' (did"],
    ),
}
MISSING = {
    "format_version": (MINIMAL.replace("format_version = 1\n", ""), "", ["no key 'format_version'"]),
    "name": (MINIMAL.replace('name = "order"\n', ""), "format_version", ["no key 'name'"]),
    "saga": (
        MINIMAL.replace('[saga]\nadapter = "callable"\n' + TARGET, ""),
        "format_version",
        ["no key 'saga'", "[saga]"],
    ),
    "adapter": (
        MINIMAL.replace('adapter = "callable"\n', ""),
        "[saga]",
        ["no key 'saga.adapter'", "subprocess"],
    ),
    "target": (MINIMAL.replace(TARGET, ""), "[saga]", ["no key 'saga.target'", "sagas.py:order"]),
    "command": (_subprocess(""), "[saga]", ["no key 'saga.command'", "['node', 'saga.js']"]),
    "base_url": (_http("", "base_url"), "[saga]", ["no key 'saga.base_url'", "http://127.0.0.1:8000"]),
    "participants": (
        MINIMAL[: MINIMAL.index("[part")] + MINIMAL[MINIMAL.index("[[steps") :],
        "format_version",
        ["no key 'participants'"],
    ),
    "resources": (
        MINIMAL + "[participants.audit]\n",
        "[participants.audit]",
        ["no key 'participants.audit.resources'", "at least one resource"],
    ),
    "routes": (
        MINIMAL + "[participants.audit.resources.entry]\n",
        "[participants.audit",
        ["no key 'participants.audit.resources.entry.create'", "POST /entrys"],
    ),
    "steps": (MINIMAL[: MINIMAL.index("[[steps")], "format_version", ["no key 'steps'", "[[steps]]"]),
    "step name": (MINIMAL.replace('name = "charge"\n', ""), "[[steps]]", ["no key 'steps #2.name'"]),
    "step action": (MINIMAL.replace(ACTION, ""), "[[steps]]", ["no key 'steps #2.action'"]),
}
TYPES = {
    "version": (MINIMAL.replace("= 1", "= 2", 1), "format_version", ["found 2", "expected 1"]),
    "version as text": (MINIMAL.replace("= 1", '= "1"', 1), "format_version", ["found '1'", "expected 1"]),
    "version as flag": (MINIMAL.replace("= 1", "= true", 1), "format_version", ["found True"]),
    "name": (MINIMAL.replace('"order"', "3", 1), "name = 3", ["found 3", "a name"]),
    "empty name": (MINIMAL.replace('"order"', '""', 1), "name", ["found ''", "not empty"]),
    "name with a slash": (MINIMAL.replace('"order"', '"a/b"', 1), "name", ["found 'a/b'", "without /"]),
    "saga as list": (
        "saga = []\n" + MINIMAL[: MINIMAL.index("[saga]")] + MINIMAL[MINIMAL.index("[part") :],
        "saga = []",
        ["found []", "[saga]"],
    ),
    "claims": (_saga('claims = "lost_reply"'), "claims", ["found 'lost_reply'", "a list"]),
    "inputs": (_saga("inputs = { a = 1 }"), "inputs", ["found a table", "a list of inputs"]),
    "input as list": (_saga("input = [1]"), "input", ["found [1]", "a JSON Schema"]),
    "input with a word that is no type": (
        _saga('input = { type = "object", properties = { quantity = { type = "intger" } } }'),
        "input",
        ["saga.input.properties.quantity.type", "found 'intger'", "a JSON Schema"],
    ),
    "input that nothing fits": (
        _saga("input = { type = 'integer', minimum = 3, maximum = 1 }"),
        "input",
        ["saga.input", "Unsatisfiable", "inputs that can be drawn"],
    ),
    "no inputs": (_saga("inputs = []"), "inputs", ["found []", "at least one"]),
    "date input": (
        _saga("inputs = [\n{ a = 1 },\n{ b = [2024-01-01] }]"),
        "{ b =",
        ["saga.inputs #2.b #1", "2024-01-01", "JSON"],
    ),
    "infinite input": (_saga("inputs = [inf]"), "inputs", ["found inf", "JSON"]),
    "time limit text": (_saga('time_limit_s = "20"'), "time_limit_s", ["found '20'", "seconds above 0"]),
    "time limit zero": (_saga("time_limit_s = 0"), "time_limit_s", ["found 0", "above 0"]),
    "time limit negative": (_saga("time_limit_s = -1.5"), "time_limit_s", ["found -1.5", "above 0"]),
    "time limit infinite": (_saga("time_limit_s = inf"), "time_limit_s", ["found inf", "above 0"]),
    "time limit flag": (_saga("time_limit_s = true"), "time_limit_s", ["found True", "above 0"]),
    "patience": (_saga("patience_s = nan"), "patience_s", ["found nan", "above 0"]),
    "requires": (_saga("requires = [1]"), "requires", ["saga.requires #1", "found 1"]),
    "sources as text": (
        _saga('sources = "saga.py"'),
        "sources",
        ["found 'saga.py'", "a list of Python files"],
    ),
    "no sources": (_saga("sources = []"), "sources", ["found []", "at least one"]),
    "source that is not there": (
        _saga('sources = ["sagas.py",\n"nowhere.py"]'),
        '"nowhere.py"]',
        ["saga.sources #2", "found 'nowhere.py'", "there is none at"],
    ),
    "source in another language": (
        _saga('sources = ["saga.toml"]'),
        "sources",
        ["a Python file or a folder"],
    ),
    "attempts": (_policy("max_attempts = 0"), "max_attempts", ["found 0", "1 or more"]),
    "attempts fraction": (_policy("max_attempts = 1.5"), "max_attempts", ["found 1.5", "whole number"]),
    "gap": (_policy("min_gap_s = -0.1"), "min_gap_s", ["found -0.1", "0 or more"]),
    "retry after": (_policy('retry_after = "never"'), "retry_after", ["found 'never'", "may, must"]),
    "case without input": (
        _saga('[[saga.cases]]\nexpect = "completed"'),
        "[[saga.cases]]",
        ["no key 'saga.cases #1.input'", "the input of this case"],
    ),
    "case that ends otherwise": (
        _saga('[[saga.cases]]\ninput = { a = 1 }\nexpect = "stuck"'),
        "expect =",
        ["saga.cases #1.expect", "found 'stuck'", "compensated, completed"],
    ),
    "case with a date": (
        _saga("[[saga.cases]]\ninput = { a = 2024-01-01 }"),
        "input",
        ["saga.cases #1.input.a", "2024-01-01", "JSON"],
    ),
    "cases and inputs": (
        _saga("inputs = [{ a = 1 }]\ncases = [{ input = { a = 1 } }]"),
        "inputs",
        ["either inputs or [[saga.cases]]"],
    ),
    "no cases": (_saga("cases = []"), "cases", ["found []", "at least one"]),
    "correlation field": (_correlation('field = "a..b"'), "field", ["found 'a..b'", "order.saga_id"]),
    "correlation header": (_correlation('header = "a b"'), "header", ["found 'a b'", "HTTP header"]),
    "empty correlation header": (_correlation('header = ""'), "header", ["found ''", "not empty"]),
    "correlation pattern": (
        _correlation('pattern = "order"'),
        "pattern",
        ["found 'order'", "order-{saga_id}"],
    ),
    "correlation as text": (_saga('correlation = "x"'), "correlation", ["found 'x'", "[saga.correlation]"]),
    "key header": (_policy('key_header = "a b"'), "key_header", ["found 'a b'", "HTTP header"]),
    "env value": (_saga("env = { A = 1 }"), "env", ["saga.env.A", "found 1", "a text"]),
    "env name": (_saga('[saga.env]\n"A=B" = "1"'), '"A=B"', ["found 'A=B'", "environment variable"]),
    "command text": (
        _subprocess('command = "node saga.js"'),
        "command",
        ["'node saga.js'", "a list of texts"],
    ),
    "command empty": (_subprocess("command = []"), "command", ["found []", "a list of texts"]),
    "command part": (_subprocess('command = ["node",\n7]'), "7]", ["saga.command #2", "found 7", "a text"]),
    "reserved env": (
        _subprocess('command = ["x"]\n[saga.env]\nSAGA_INVENTORY_URL = "x"'),
        "SAGA_INVENTORY_URL",
        ["sets this one itself"],
    ),
    "base url": (_http('base_url = "127.0.0.1:8000"', "base_url"), "base_url", ["'127.0.0.1:8000'", "a URL"]),
    "base url port": (_http('base_url = "http://h:x"', "base_url"), "base_url", ["'http://h:x'", "a URL"]),
    "start": (_http('start = "serve"', "start"), "start", ["found 'serve'", "a list of texts"]),
    "port outside the address": (
        _http('base_url = "http://h/{port}"', "base_url"),
        "base_url",
        ["'http://h/{port}'", "'http://127.0.0.1:{port}'"],
    ),
    "port that nothing takes": (
        _http('base_url = "http://h:{port}"', "base_url"),
        "start",
        ["saga.start", "{port} in it, or in env"],
    ),
    "port that is not asked at": (
        _http('start = ["serve", "{port}"]', "start"),
        "base_url",
        ["saga.base_url", "{port} in place of its port"],
    ),
    "port without start": (
        _http('base_url = "http://h:{port}"', "base_url").replace("start = [", "# [").replace("env =", "#"),
        "base_url",
        ["saga.base_url", 'start = ["…", "{port}"] beside it'],
    ),
    "restart": (_http('restart = "never"', "env"), "restart", ["'never'", "each_run, when_killed"]),
    "restart without start": (
        _http('restart = "each_run"', "env").replace("start = [", "# ["),
        "restart",
        ["saga.restart", 'start = ["…"] beside it'],
    ),
    "status word": (
        _http('statuses = { BOOKED = "complete" }', "env"),
        "statuses",
        ["saga.statuses.BOOKED", "'completed' (did you mean it?)"],
    ),
    "status without a name": (_http('statuses = { "" = "stuck" }', "env"), "statuses", ["BOOKED"]),
    "statuses as text": (_http('statuses = "BOOKED"', "env"), "statuses", ["found 'BOOKED'", "a table"]),
    "field path": (
        _http('fields = { status = "order." }', "fields"),
        "fields",
        ["saga.fields.status", "'order.state'"],
    ),
    "made id": (_http("fields = { made_id = 7 }", "fields"), "fields", ["saga.fields.made_id", "found 7"]),
    "env without start": (_http("", "start"), "env", ["start"]),
    "path": (_http('paths = { start = "sagas" }', "paths"), "paths", ["saga.paths.start", "begins with /"]),
    "status path": (_http('paths = { status = "/sagas" }', "paths"), "paths", ["saga.paths.status", "{id}"]),
    "participants as text": (
        MINIMAL[: MINIMAL.index("[saga]")]
        + 'participants = "x"\n'
        + _saga("")[MINIMAL.index("[saga]") : MINIMAL.index("[part")]
        + MINIMAL[MINIMAL.index("[[steps") :],
        "participants =",
        ["found 'x'", "tables like"],
    ),
    "participant": (MINIMAL + "[participants]\naudit = 3\n", "audit", ["participants.audit", "found 3"]),
    "resource": (MINIMAL + "[participants.audit.resources]\nentry = 3\n", "entry", ["found 3", "a table"]),
    "refuses": (_resource("refuses = 500"), "refuses", ["found 500", "400 to 499"]),
    "refuses done": (_resource("refuses = 404"), "refuses", ["found 404", "mean done"]),
    "refuses gone": (_resource("refuses = 410"), "refuses", ["found 410", "mean done"]),
    "redact": (_saga("redact = 7"), "redact", ["found 7", "a list of headers, parameters and fields"]),
    "created": (_resource("created = 202"), "created", ["found 202", "one of 200, 201"]),
    "undone": (_resource("undone = 202"), "undone", ["found 202", "one of 200, 201, 204"]),
    "id": (_resource('id = "data..no"'), "id", ["found 'data..no'", "like 'pnr' or 'data.id'"]),
    "items": (_resource('items = "{}"'), "items", ["found '{}'", "like 'data', or '[]'"]),
    "answer": (_resource("answer = 7"), "answer", ["found 7", "a table, like {"]),
    "answer's placeholder": (
        _resource('answer = { a.b = "{bdy.x}" }'),
        "answer",
        ["answer.a.b: found '{bdy.x}'", "{bdy.x} is none", "body.FIELD"],
    ),
    "error's placeholder": (
        _resource('error = { a = "{stats}" }'),
        "error",
        ["error.a: found '{stats}'", "'status' (did you mean it?)"],
    ),
    "refuses text": (_resource('refuses = "409"'), "refuses", ["found '409'", "400 to 499"]),
    "steps as table": (
        MINIMAL[: MINIMAL.index("[[steps")] + '[steps]\nname = "a"\n',
        "[steps]",
        ["found a table", "[[steps]]"],
    ),
    "steps of texts": (
        f'steps = ["a"]\n{MINIMAL[: MINIMAL.index("[[steps")]}',
        "steps",
        ["found 'a'", "a table"],
    ),
    "step name": (MINIMAL.replace('"charge"', '"  "'), "name", ["steps #2.name", "found '  '"]),
    "optional": (_step('optional = "yes"'), "optional", ["found 'yes'", "true or false"]),
    "after": (_step('after = "reserve"'), "after", ["found 'reserve'", "a list of steps"]),
}
WORDS = {
    "adapter": (MINIMAL.replace('"callable"', '"subproces"'), "adapter", ["'subprocess' (did you mean it?)"]),
    "claim": (
        _saga('claims = ["lost_reply",\n"proces_death"]'),
        '"proces',
        ["saga.claims #2", "'process_death' (did"],
    ),
    "failed step": (_policy('failed_step = "mus"'), "failed_step", ["'must' (did"]),
    "untried step": (_policy('untried_step = "must"'), "untried_step", ["found 'must'", "one of may, never"]),
    "order": (_policy('order = "strikt"'), "order", ["'strict' (did"]),
    "order as number": (_policy("order = 1"), "order", ["found 1", "dependency, none, strict"]),
    "failed compensation": (_policy('failed_compensation = "for_ever"'), "failed_comp", ["'forever' (did"]),
    "undo answers": (_resource('undo_answers = "accept"'), "undo_answers", ["'accepted' (did"]),
    "repeats": (_resource('repeats = "keys"'), "repeats", ["'key' (did"]),
    "kind": (MINIMAL.replace('"pivot"', '"pivvot"'), "kind", ["steps #2.kind", "'pivot' (did"]),
}
ROUTES = {
    "no method": (MINIMAL.replace("POST /res", "/res"), "create", ["'/reservations'", "a method and a path"]),
    "lower case": (MINIMAL.replace("POST /res", "post /res"), "create", ["a method and a path"]),
    "number": (MINIMAL.replace(RESERVATION, "create = 3\n"), "create", ["found 3", "or a list of them"]),
    "empty list": (MINIMAL.replace(RESERVATION, "create = []\n"), "create", ["found []", "at least one"]),
    "in a list": (
        MINIMAL.replace(RESERVATION, 'create = [\n"POST /a",\n"POST b"]\n'),
        '"POST b"',
        ["create #2", "'POST b'"],
    ),
    "other placeholder": (
        MINIMAL.replace("POST /res", "POST /{the-shop}/res"),
        "create",
        ["{name} for what may be any text"],
    ),
    "two placeholders": (MINIMAL.replace("DELETE /res", "DELETE /{id}/res"), "delete", ["once at most"]),
    "query": (MINIMAL.replace("POST /reservations", "POST /reservations?x=1"), "create", ["without a query"]),
    "undo without id": (
        MINIMAL.replace("DELETE /reservations/{id}", "DELETE /reservations"),
        "delete",
        ["{id}", "delete_by_saga"],
    ),
    "get without id": (_resource('get = "GET /reservations"'), "get", ["{id}", "find"]),
    "by saga with id": (_resource('delete_by_saga = "DELETE /r/{id}"'), "delete_by_saga", ["without {id}"]),
    "find with id": (_resource('find = "GET /r/{id}"'), "find", ["without {id}"]),
    "taken": (
        MINIMAL.replace(
            "[[steps]]", '[participants.payments.resources.fee]\ncreate = "POST /charges"\n[[steps]]', 1
        ),
        'create = "POST /charges"',
        ["a route of its own", "participants.payments.resources.charge.create on line 13"],
    ),
    "taken pattern": (_resource('get = "DELETE /reservations/{id}"'), "get = ", ["a route of its own"]),
}
NAMES = {
    "no participants": (
        MINIMAL[: MINIMAL.index("[part")] + "[participants]\n" + MINIMAL[MINIMAL.index("[[steps") :],
        "[participants]",
        ["at least one participant"],
    ),
    "no resources": (MINIMAL + "[participants.a]\nresources = {}\n", "resources", ["at least one resource"]),
    "listen by name": (
        MINIMAL + '[participants.payments]\nlisten = "example.org:80"\n',
        "listen",
        ["'example.org:80'", "loopback"],
    ),
    "participant with a dot": (
        MINIMAL + '[participants."a.b".resources.c]\ncreate = "POST /c"\n',
        '[participants."a.b"',
        ["found 'a.b'", "letters, digits, _ and -"],
    ),
    "participant with a space": (
        MINIMAL + '[participants."a b".resources.c]\ncreate = "POST /c"\n',
        "[participants.",
        ["found 'a b'", "letters, digits, _ and -"],
    ),
    "resource with a slash": (
        MINIMAL + '[participants.a.resources."c/d"]\ncreate = "POST /c"\n',
        "[participants.a",
        ["found 'c/d'", "letters, digits, _ and -"],
    ),
    "same variable": (
        MINIMAL + '[participants.a-b.resources.c]\ncreate = "POST /c"\n'
        '[participants.a_b.resources.c]\ncreate = "POST /c"\n',
        "[participants.a_b",
        ["SAGA_A_B_URL", "'a-b'"],
    ),
    "listen without port": (
        MINIMAL + '[participants.payments]\nlisten = "127.0.0.1"\n',
        "listen",
        ["'127.0.0.1'", "a port"],
    ),
    "listen elsewhere": (
        MINIMAL + '[participants.payments]\nlisten = "0.0.0.0:80"\n',
        "listen",
        ["loopback"],
    ),
    "listen port": (MINIMAL + '[participants.payments]\nlisten = "[::1]:70000"\n', "listen", ["1 to 65535"]),
    "listen twice": (
        HTTP + '[participants.payments]\nlisten = "localhost:9"\n'
        '[participants.inventory]\nlisten = "localhost:9"\n',
        "listen",
        ["an address of its own"],
    ),
    "listen for a callable": (
        MINIMAL + '[participants.payments]\nlisten = "[::1]:9001"\n',
        "listen",
        ["ctx.urls"],
    ),
}
STEPS = {
    "unprintable name": (MINIMAL.replace('"charge"', '"a\\nb"'), "name", ["steps #2.name", "printable"]),
    "unknown action": (
        MINIMAL.replace('"payments.charge.create"', '"payment.charge.create"'),
        "action",
        ["steps #2.action", "'payments.charge.create' (did you mean it?)"],
    ),
    "action undoes": (
        MINIMAL.replace('"payments.charge.create"', '"payments.charge.delete"'),
        "action",
        ["found 'payments.charge.delete'", "a create operation"],
    ),
    "unknown undo": (
        MINIMAL.replace(COMPENSATION, 'compensation = "inventory.reservation.delet"\n'),
        "compensation",
        ["steps #1.compensation", "'inventory.reservation.delete' (did you mean it?)"],
    ),
    "undo creates": (
        MINIMAL.replace(COMPENSATION, 'compensation = "inventory.reservation.create"\n'),
        "compensation",
        ["an undo of inventory.reservation"],
    ),
    "undo elsewhere": (
        MINIMAL.replace(COMPENSATION, 'compensation = "payments.charge.delete"\n'),
        "compensation",
        ["an undo of inventory.reservation"],
    ),
    "action without create": (MINIMAL.replace(RESERVATION, ""), "action", ["'inventory.reservation.create'"]),
    "same name": (MINIMAL.replace('"charge"', '"reserve"'), 'name = "reserve"', ["step on line 17"]),
    "two pivots": (
        MINIMAL.replace(COMPENSATION, COMPENSATION + 'kind = "pivot"\n'),
        'kind = "pivot"',
        ["steps #2.kind", "one pivot at most", "line 20"],
    ),
    "after nothing known": (_step('after = ["reserv"]'), "after", ["steps #2.after #1", "'reserve' (did"]),
    "after itself, mistyped": (
        _step('after = ["chargd"]'),
        "after",
        ["found 'chargd', expected one of reserve"],
    ),
    "after itself": (_step('after = ["charge"]'), "after", ["found 'charge'", "circle"]),
    "circle": (
        _step("").replace(COMPENSATION, COMPENSATION + 'after = ["charge"]\n'),
        "after",
        ["'reserve, charge'", "circle"],
    ),
}
ADAPTERS = {
    "command for a callable": (_saga('command = ["node"]'), "command", ["target", "a key of 'subprocess'"]),
    "base_url for a callable": (_saga('base_url = "http://x"'), "base_url", ["a key of 'http'"]),
    "target for a subprocess": (
        _subprocess('command = ["x"]\ntarget = "a:b"'),
        "target",
        ["command with adapter", "a key of 'callable'"],
    ),
    "target for http": (
        HTTP.replace("start =", 'target = "a:b"\nstart =', 1),
        "target",
        ["a key of 'callable'"],
    ),
}
TARGETS = {
    "no colon": (
        MINIMAL.replace("sagas.py:order", "sagas.py"),
        "target",
        ["'sagas.py'", "package.module:object"],
    ),
    "no file": (MINIMAL.replace("sagas.py:order", "saga.py:order"), "target", ["saga.py", "there is none"]),
    "no module": (
        MINIMAL.replace("sagas.py:order", "user_no.such:order"),
        "target",
        ["'user_no.such'", "a module in"],
    ),
    "no object": (
        MINIMAL.replace(":order", ":ordre"),
        "target",
        ["found 'ordre'", "'order' (did", "pages, plain"],
    ),
    "no attribute": (MINIMAL.replace(":order", ":Nested.ordr"), "target", ["'Nested.ordr'", "'order' (did"]),
    "number": (MINIMAL.replace(":order", ":number"), "target", ["found 7", "a function saga(ctx, input)"]),
    "class": (MINIMAL.replace(":order", ":Nested"), "target", ["Nested", "a function saga(ctx, input)"]),
    "generator": (MINIMAL.replace(":order", ":pages"), "target", ["this one yields"]),
    "arguments": (MINIMAL.replace(":order", ":too_few"), "target", ["'(ctx)'", "takes (ctx, input)"]),
}
ALL = {
    f"{group}: {name}": case
    for group, cases in {
        "unknown": UNKNOWN,
        "missing": MISSING,
        "type": TYPES,
        "word": WORDS,
        "route": ROUTES,
        "name": NAMES,
        "step": STEPS,
        "adapter": ADAPTERS,
        "target": TARGETS,
    }.items()
    for name, case in cases.items()
}


def _refusal(reference: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(reference, registered=None)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("case", ALL.values(), ids=ALL.keys())
def test_names_file_line_key_and_what_was_expected(
    case: tuple[str, str, list[str]], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, begins, says = case
    path = write(content)
    monkeypatch.chdir(path.parent)
    message = _refusal("saga.toml")
    place = re.match(r"saga\.toml, line (\d+)", message)
    assert place is not None, message
    assert content.split("\n")[int(place[1]) - 1].startswith(begins), message
    assert ": found " in message
    assert ", expected " in message
    for part in says:
        assert part in message, message


@pytest.mark.parametrize(
    ("content", "place", "says"),
    [
        ("format_version = 1\nname = order\n", "line 2, column 8", "name = order"),
        ("format_version = 1\nname = 'a'\nname = 'b'\n", "line 3", "name = 'b'"),
        ("format_version = 1\n\n[saga\n", "line 3", "[saga"),
        ("format_version = 1\nname = 'a", "line 2", "at the end of the file"),
        (f"name = 'a'\n\nformat_version = {'9' * 5000}\n[saga]\n", "line 3", "format_version = 9999"),
    ],
)
def test_bad_syntax_is_shown_with_its_line(write: Write, content: str, place: str, says: str) -> None:
    path = write(content)
    message = _refusal(str(path))
    assert message.startswith(f"{path}, {place}")
    assert says in message
    assert "valid TOML" in message


@pytest.mark.parametrize(
    ("content", "line", "name", "table"),
    [
        (
            "name = 'a'\nsaga = { adapter = 'callable' }\n[saga.policy]\nmax_attempts = 3\n",
            3,
            "saga",
            "[saga]",
        ),
        ("saga = { adapter = 'callable' }\nname = 'a'\n\n[[saga.cases]]\ninput = 1\n", 4, "saga", "[saga]"),
        ("saga = { adapter = 'callable' }\nsaga.claims = []\n", 2, "saga", "[saga]"),
        ("steps = [\n  { name = 'a' },\n]\n[[steps]]\nname = 'b'\n", 4, "steps", "[[steps]]"),
    ],
)
def test_what_adds_to_an_inline_table_is_told_how_to_write_it(
    write: Write, content: str, line: int, name: str, table: str
) -> None:
    path = write(content)
    message = _refusal(str(path))
    begins = next(n for n, text in enumerate(content.split("\n"), start=1) if text.startswith(f"{name} ="))
    assert message.startswith(f"{path}, line {line}")
    assert f"expected nothing more of {name}, which line {begins} writes inline" in message
    assert f"Write it as {table} with a key a line" in message


def test_a_second_header_of_a_table_is_still_told_as_it_was(write: Write) -> None:
    assert "valid TOML (Cannot declare" in _refusal(str(write("[saga]\nadapter = 'http'\n[saga]\nx = 1\n")))


def test_other_encodings_are_refused_with_the_line(write: Write) -> None:
    path = write()
    path.write_bytes(b'format_version = 1\nname = "caf\xe9"\n')
    assert _refusal(str(path)) == f"{path}, line 2: found b'\\xe9', expected text in UTF-8"


def test_nesting_without_end_is_refused(write: Write) -> None:
    assert "nesting too deep" in _refusal(str(write("a = " + "[" * 5000 + "]" * 5000)))


def test_a_missing_file_and_a_folder_are_refused(write: Write) -> None:
    folder = write().parent
    assert _refusal(str(folder / "other.toml")).startswith(f"{folder / 'other.toml'}: found 'no file'")
    (folder / "folder.toml").mkdir()
    assert "a file that can be read" in _refusal(str(folder / "folder.toml"))


@pytest.mark.parametrize(
    ("code", "line", "says"),
    [
        ("x = 1\nimport user_nowhere\n", 2, "ModuleNotFoundError: No module named 'user_nowhere'"),
        ("def order(:\n", 1, "SyntaxError: invalid syntax"),
        ("import json\n\njson.loads('{')\n", 3, "JSONDecodeError"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("def f():\n    raise ValueError('no\\nway')\n\nf()\n", 2, "ValueError: no"),
    ],
)
@pytest.mark.parametrize("target", ["user_broken.py:order", "user_broken:order"])
def test_a_module_that_does_not_import_is_shown_with_its_own_file_and_line(
    write: Write, code: str, line: int, says: str, target: str
) -> None:
    path = write(MINIMAL.replace("sagas.py:order", target), user_broken=code)
    message = _refusal(str(path))
    assert message.startswith(f"{path}, line 6, saga.target: found ")
    assert f"{path.parent / 'user_broken.py'}:{line}: {says}" in message
    assert "Traceback" not in message
    assert "\n" not in message
