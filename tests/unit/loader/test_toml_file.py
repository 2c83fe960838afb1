from __future__ import annotations

from pathlib import Path

import pytest

from harness.adapter import CallableSaga
from harness.adapter.http import HttpFields, HttpPaths, HttpSaga, Restart
from harness.adapter.subprocess import SubprocessSaga
from harness.inputs import SchemaInputs
from harness.loader import load_scenario
from harness.participant import Answers, Repeats, Request, Route, UndoAnswers, Verb
from harness.saga import (
    Choice,
    Claim,
    Correlation,
    OnFailedCompensation,
    Order,
    SagaPolicy,
    Status,
    Step,
    StepKind,
)
from harness.scenario import Scenario
from tests.unit.loader.conftest import MINIMAL, Write

FULL = """\
format_version = 1
name = "order"

[saga]
adapter = "subprocess"                 # callable | subprocess | http
command = ["node", "saga.js"]          # subprocess; cwd is this file's folder
env = { SAGA_KEYS = "1" }
claims = ["lost_reply", "process_death"]
inputs = [{ sku = "A", quantity = 2 }]
time_limit_s = 20
patience_s = 10
requires = ["late_action_after_undo"]

[saga.policy]
failed_step = "must"
untried_step = "may"
order = "none"
failed_compensation = "forever"
max_attempts = 5
min_gap_s = 0.5
key_header = "X-Key"
retry_after = "must"

[saga.correlation]
field = "order.saga_id"
header = "X-Order-No"
pattern = "order-{saga_id}"

[participants.inventory]
listen = "127.0.0.1:9001"

[participants.inventory.resources.reservation]
create = "POST /reservations"
delete = "DELETE /reservations/{id}"
delete_by_saga = "DELETE /reservations"
get = "GET /reservations/{id}"
find = "GET /reservations"
undo_answers = "accepted"
repeats = "natural"
refuses = 422

[participants.payments.resources.charge]
create = ["POST /charges", "PUT /charges"]
delete = "POST /charges/{id}/refunds"
delete_by_saga = "POST /refunds"

[[steps]]
name = "reserve"
action = "inventory.reservation.create"
compensation = "inventory.reservation.delete"
kind = "compensable"
after = []
optional = true

[[steps]]
name = "charge"
action = "payments.charge.create"
compensation = "payments.charge.delete_by_saga"
kind = "pivot"
after = ["reserve"]
"""

HTTP = MINIMAL.replace(
    'adapter = "callable"\ntarget = "sagas.py:order"',
    """\
adapter = "http"
base_url = "http://127.0.0.1:8000/api/"
start = ["./serve", "--port", "8000"]
env = { MODE = "test" }
paths = { start = "/runs", status = "/runs/{id}/state" }
fields = { id = "run", detail = "why" }""",
)


@pytest.fixture
def full(write: Write) -> Scenario:
    return load_scenario(str(write(FULL)), registered=None)


def test_reads_the_contracts_example(full: Scenario, tmp_path: Path) -> None:
    assert full.name == full.spec.name == "order"
    assert full.saga == SubprocessSaga(
        command=("node", "saga.js"),
        cwd=tmp_path,
        env={"SAGA_KEYS": "1"},
        listen={"inventory": ("127.0.0.1", 9001)},
    )
    assert full.saga.worlds == ("wire",)
    assert full.spec.claims == {Claim.LOST_REPLY, Claim.PROCESS_DEATH}
    assert full.inputs == ({"sku": "A", "quantity": 2},)
    assert (full.time_limit_s, full.patience_s) == (20.0, 10.0)
    assert full.requires == ("late_action_after_undo",)
    assert full.reference == str(tmp_path / "saga.toml")


def test_reads_the_sources_from_the_files_folder(write: Write, tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    named = MINIMAL.replace("[saga]\n", '[saga]\nsources = ["sagas.py", "engine"]\n')
    scenario = load_scenario(str(write(named)), registered=None)
    assert scenario.sources == (tmp_path / "sagas.py", tmp_path / "engine")


def test_without_sources_they_are_found_by_imports(full: Scenario) -> None:
    assert full.sources is None


def test_reads_what_a_resource_answers(write: Write) -> None:
    told = """
created = 200
undone = 200
id = "pnr"
items = "[]"
answer = { pnr = "PNR-{n}", links.self = "/seats/{id}" }
error = { message = "{error}" }
"""
    routes = 'create = "POST /reservations"\n'
    scenario = load_scenario(str(write(MINIMAL.replace(routes, routes + told))), registered=None)
    assert scenario.resources["inventory.reservation"].answers == Answers(
        created=200,
        undone=200,
        id="pnr",
        items="[]",
        fields={"pnr": "PNR-{n}", "links": {"self": "/seats/{id}"}},
        error={"message": "{error}"},
    )
    assert scenario.resources["payments.charge"].answers == Answers()


def test_reads_the_policy(full: Scenario) -> None:
    assert full.spec.policy == SagaPolicy(
        failed_step=Choice.MUST,
        untried_step=Choice.MAY,
        order=Order.NONE,
        failed_compensation=OnFailedCompensation.FOREVER,
        max_attempts=5,
        min_gap_s=0.5,
        key_header="X-Key",
        retry_after=Choice.MUST,
    )


def test_reads_the_correlation(full: Scenario, write: Write) -> None:
    assert full.spec.correlation == Correlation(
        field="order.saga_id", header="X-Order-No", pattern="order-{saga_id}"
    )
    assert load_scenario(str(write(MINIMAL)), registered={}).spec.correlation == Correlation()


def test_reads_cases(write: Write) -> None:
    cases = """
[[saga.cases]]
input = { sku = "A" }

[[saga.cases]]
input = [1]
expect = "compensated"
"""
    found = load_scenario(
        str(write(MINIMAL.replace("[participants", cases + "[participants", 1))), registered={}
    )
    assert found.inputs == ({"sku": "A"}, [1])
    assert found.expects == (Status.COMPLETED, Status.COMPENSATED)
    assert [found.expected(index) for index in (0, 1)] == ["completed", "compensated"]
    plain = load_scenario(str(write(MINIMAL)), registered={})
    assert (plain.inputs, plain.expects, plain.expected(0)) == (({},), (), Status.COMPLETED)


def test_reads_participants_with_their_routes_and_manners(full: Scenario) -> None:
    inventory, payments = full.participants
    (reservation,), (charge,) = inventory.resources, payments.resources
    assert (inventory.name, payments.name) == ("inventory", "payments")
    assert reservation.name == "reservation"
    assert reservation.routes == {
        Verb.CREATE: (Route(method="POST", path="/reservations"),),
        Verb.DELETE: (Route(method="DELETE", path="/reservations/{id}"),),
        Verb.DELETE_BY_SAGA: (Route(method="DELETE", path="/reservations"),),
        Verb.GET: (Route(method="GET", path="/reservations/{id}"),),
        Verb.FIND: (Route(method="GET", path="/reservations"),),
    }
    assert reservation.undo_answers is UndoAnswers.ACCEPTED
    assert reservation.repeats is Repeats.NATURAL
    assert reservation.refuses == 422
    assert reservation.tombstones
    assert [route.method for route in charge.routes[Verb.CREATE]] == ["POST", "PUT"]
    keyed = Request(method="POST", path="/", query={}, headers={"x-key": "k1"})
    assert inventory.key_of(keyed) == "k1"


def test_reads_the_steps(full: Scenario) -> None:
    assert full.spec.steps == (
        Step(
            name="reserve",
            action="inventory.reservation.create",
            compensation="inventory.reservation.delete",
            kind=StepKind.COMPENSABLE,
            after=(),
            optional=True,
        ),
        Step(
            name="charge",
            action="payments.charge.create",
            compensation="payments.charge.delete_by_saga",
            kind=StepKind.PIVOT,
            after=("reserve",),
        ),
    )


def test_what_is_absent_has_the_contracts_defaults(write: Write) -> None:
    scenario = load_scenario(str(write()), registered=None)
    reservation = scenario.participants[0].resources[0]
    assert scenario.spec.claims == {Claim.LOST_REPLY}
    assert scenario.inputs == ({},)
    assert (scenario.time_limit_s, scenario.patience_s, scenario.requires) == (None, None, None)
    assert scenario.spec.policy == SagaPolicy()
    assert scenario.spec.order is Order.STRICT
    assert (reservation.undo_answers, reservation.repeats) == (UndoAnswers.DONE, Repeats.KEY)
    assert reservation.refuses == 409
    assert scenario.spec.steps[0].after is None
    assert not scenario.spec.steps[0].optional
    assert isinstance(scenario.saga, CallableSaga)
    assert scenario.saga.name == "sagas.py:order"
    assert not scenario.saga.durable


def test_order_follows_the_graph_unless_it_is_set(write: Write) -> None:
    graph = MINIMAL.replace('kind = "pivot"', 'after = ["reserve"]')
    assert load_scenario(str(write(graph)), registered=None).spec.order is Order.DEPENDENCY
    strict = graph.replace("[participants.inv", '[saga.policy]\norder = "strict"\n[participants.inv', 1)
    assert load_scenario(str(write(strict)), registered=None).spec.order is Order.STRICT


def test_no_claims_at_all_can_be_said(write: Write) -> None:
    none = MINIMAL.replace("target =", "claims = []\ntarget =")
    assert load_scenario(str(write(none)), registered=None).spec.claims == frozenset()


def test_a_callable_that_claims_to_survive_its_process_is_durable(write: Write) -> None:
    durable = MINIMAL.replace("target =", 'claims = ["process_death"]\ntarget =')
    saga = load_scenario(str(write(durable)), registered=None).saga
    assert isinstance(saga, CallableSaga)
    assert saga.durable


def test_reads_the_http_adapter(write: Write, tmp_path: Path) -> None:
    assert load_scenario(str(write(HTTP)), registered=None).saga == HttpSaga(
        base_url="http://127.0.0.1:8000/api",
        cwd=tmp_path,
        start=("./serve", "--port", "8000"),
        env={"MODE": "test"},
        paths=HttpPaths(start="/runs", status="/runs/{id}/state"),
        fields=HttpFields(id="run", detail="why"),
    )


def test_the_http_adapter_has_the_contracts_defaults(write: Write) -> None:
    content = "\n".join(
        line for line in HTTP.split("\n") if not line.startswith(("start", "env", "paths", "fi"))
    )
    saga = load_scenario(str(write(content)), registered=None).saga
    assert isinstance(saga, HttpSaga)
    assert (saga.start, saga.paths, saga.fields) == ((), HttpPaths(), HttpFields())
    assert (saga.paths.start, saga.paths.status) == ("/sagas", "/sagas/{id}")


def test_a_service_takes_a_port_and_says_how_a_saga_ended_in_words_of_its_own(write: Write) -> None:
    content = HTTP.replace("127.0.0.1:8000", "127.0.0.1:{port}").replace('"8000"', '"{port}"')
    content = content.replace(
        'adapter = "http"', 'adapter = "http"\nrestart = "each_run"\nstatuses = { BOOKED = "completed" }'
    )
    saga = load_scenario(str(write(content)), registered=None).saga
    assert isinstance(saga, HttpSaga)
    assert (saga.takes_a_port, saga.alone, saga.restart) == (True, None, Restart.EACH_RUN)
    assert saga.statuses == {"BOOKED": Status.COMPLETED}
    assert saga.fields.made_id is None
    made = content.replace('detail = "why"', 'made_id = "order.id"')
    other = load_scenario(str(write(made)), registered=None).saga
    assert isinstance(other, HttpSaga)
    assert other.fields.made_id == "order.id"
    placed = saga.at(4711)
    assert (placed.base_url, placed.start[-1]) == ("http://127.0.0.1:4711/api", "4711")
    assert not placed.takes_a_port


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(write: Write) -> None:
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load_scenario(str(path), registered=None).name == "order"


def test_a_resource_without_create_is_allowed_where_no_step_needs_it(write: Write) -> None:
    more = MINIMAL + '\n[participants.inventory.resources.stock]\nget = "GET /stock/{id}"\n'
    scenario = load_scenario(str(write(more)), registered=None)
    assert "inventory.stock.get" in scenario.operations


def test_repr_of_the_adapters_pastes_back(full: Scenario) -> None:
    names = {"SubprocessSaga": SubprocessSaga, "PosixPath": Path, "WindowsPath": Path}
    assert eval(repr(full.saga), names) == full.saga


def test_inputs_may_be_described_by_a_schema(write: Write) -> None:
    number = "{ type = 'integer', minimum = 1 }"
    schema = f"input = {{ type = 'object', required = ['n'], properties = {{ n = {number} }} }}"
    target = 'target = "sagas.py:order"\n'
    path = write(MINIMAL.replace(target, f"{target}{schema}\n"))
    described = load_scenario(str(path), registered=None)
    assert described.inputs[0] == {"n": 1}
    assert isinstance(described.input_strategy, SchemaInputs)
    listed = load_scenario(
        str(write(MINIMAL.replace(target, f"{target}{schema}\ninputs = [{{ n = 4 }}]\n"))), registered=None
    )
    assert listed.inputs == ({"n": 4},)
    assert listed.input_strategy is not None
