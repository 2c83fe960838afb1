"""Each anomaly and its countermeasures, played at real participants by two sagas."""

from __future__ import annotations

import msgspec

from harness.history import EffectApplied, ExecutorBegan, ExecutorEnded, History, NobodyHeld
from harness.invariants import INVARIANTS, Verdict
from harness.participant import ResourceSpec, RestParticipant, Route, Verb
from harness.participant.balance import BalanceKind, Does, Posting
from harness.participant.ledger import Change
from harness.participant.resource import kind_resource
from harness.participant.state import StateKind, Transition
from harness.plan import Fault
from harness.saga import SagaSpec, Step
from harness.views import View
from tests.unit.faults.counter import Counter

A, B = "saga-a", "saga-b"
PUT, GET = (Route(method="PUT", path="/orders/{id}"),), (Route(method="GET", path="/orders/{id}"),)
ANY = ("new", "approved", "shipped")
ORDER = kind_resource(
    "order",
    StateKind(
        states=ANY,
        moves=(
            Transition(name="approve", routes=PUT, sources=("new", "approved"), target="approved"),
            Transition(
                name="undo", routes=PUT, sources=("approved",), target="new", undoes=("approve", "ship")
            ),
            Transition(name="ship", routes=PUT, sources=ANY, target="shipped"),
        ),
        etag=True,
    ),
    get=GET,
)
MOVES = tuple(
    Posting(
        name=name, routes=(Route(method="POST", path=f"/accounts/{{id}}/{name}"),), does=does, undoes=undoes
    )
    for name, does, undoes in (
        ("credit", Does.CREDIT, ()),
        ("debit", Does.DEBIT, ()),
        ("take-back", Does.DEBIT, ("credit",)),
        ("refund", Does.CREDIT, ("debit",)),
    )
)
READ = (Route(method="GET", path="/accounts/{id}"),)
ACCOUNT = kind_resource(
    "account", BalanceKind(moves=MOVES, opening={"x": 0, "y": 9}, conserved=True), get=READ
)
NOTE = ResourceSpec(
    name="note",
    routes={
        Verb.CREATE: (Route.parse("POST /notes", "note"),),
        Verb.GET: (Route.parse("GET /notes/{id}", "note"),),
        Verb.DELETE: (Route.parse("DELETE /notes/{id}", "note"),),
    },
)
SPEC = SagaSpec(
    name="order",
    steps=(
        Step(name="approve", action="shop.order.approve", compensation="shop.order.undo"),
        Step(name="credit", action="shop.account.credit", compensation="shop.account.take-back"),
        Step(name="debit", action="shop.account.debit", compensation="shop.account.refund"),
        Step(name="note", action="shop.note.create", compensation="shop.note.delete"),
    ),
)


class Play:
    """Two sagas at one shop; executor 1 works for A, executor 2 for B."""

    def __init__(self, *faults: Fault, resources: tuple[ResourceSpec, ...] = (ORDER, ACCOUNT, NOTE)) -> None:
        self.resources = resources
        shop = RestParticipant("shop", resources)
        self.counter = Counter(SPEC, shop, faults=faults, saga_ids=(A, B))
        for executor, saga in enumerate((A, B), 1):
            self.counter.recorder.add(ExecutorBegan(t_s=0, executor=executor, saga_id=saga))

    def ask(self, saga: str, method: str, path: str, named: str = "", **fields: object) -> int | None:
        body = None if method == "GET" else {"saga_id": named or saga, **fields}
        target = f"{path}?saga_id={named or saga}" if method == "GET" else path
        key = f"{named or saga}:{method}{path}{fields}"
        return self.counter.ask("shop", method, target, body, key=key, executor=1 if saga == A else 2).status

    def read(self, saga: str, order: str = "1") -> None:
        assert self.ask(saga, "GET", f"/orders/{order}") == 200

    def put(self, saga: str, state: str, order: str = "1") -> None:
        assert self.ask(saga, "PUT", f"/orders/{order}", state=state) == 200

    def note(self, saga: str) -> None:
        assert self.ask(saga, "POST", "/notes", text=len(self.counter.history.events)) == 201

    def post(self, saga: str, what: str, amount: int, came: int = 200) -> None:
        assert self.ask(saga, "POST", f"/accounts/x/{what}", amount=amount) == came

    def end(self, saga: str, status: str | None = "completed") -> None:
        executor = 1 if saga == A else 2
        self.counter.recorder.add(ExecutorEnded(t_s=9, executor=executor, saga_id=saga, status=status))

    def judged(self, history: History | None = None) -> str:
        """The message; empty where it held."""
        resources = {f"shop.{one.name}": one for one in self.resources}
        view = View(history or self.counter.history, SPEC, resources)
        judged = INVARIANTS["isolation"].judge(view)
        assert judged.verdict in (Verdict.HELD, Verdict.VIOLATED)
        assert bool(judged.evidence) is (judged.verdict is Verdict.VIOLATED)
        return judged.message


def test_an_update_is_lost_where_it_was_not_read() -> None:
    play = Play()
    play.read(A)
    play.put(B, "approved")
    play.put(A, "shipped")
    assert play.judged() == (
        "lost update: saga saga-a changed shop.order 1 (approved → shipped) by what it had read before saga "
        "saga-b changed it (new → approved)"
    )


def test_rereading_loses_nothing() -> None:
    play = Play()
    play.read(A)
    play.put(B, "approved")
    play.read(A)
    play.put(A, "shipped")
    assert not play.judged()


def test_what_the_other_one_took_back_is_not_lost() -> None:
    play = Play()
    play.read(A)
    play.put(B, "approved")
    play.put(B, "new")
    play.put(A, "approved")
    assert not play.judged()


def test_nor_is_anything_lost_by_what_was_taken_back_itself() -> None:
    play = Play()
    play.read(A)
    play.put(B, "approved")
    play.put(A, "approved")
    assert "lost update" in play.judged()
    play = Play()
    play.read(A)
    play.put(B, "approved")
    play.put(A, "approved")
    play.put(B, "new")
    play.put(A, "new")
    assert "lost update" not in play.judged()


def test_who_never_read_it_loses_nothing_that_it_knew_of() -> None:
    play = Play()
    play.put(B, "approved")
    play.put(A, "shipped")
    assert not play.judged()


def test_an_undo_that_puts_back_what_another_one_had_built_on() -> None:
    play = Play()
    play.put(A, "approved")
    play.put(B, "approved")
    play.put(A, "new")
    assert play.judged() == (
        "undo of another's work: saga saga-a put shop.order 1 back (approved → new) after saga saga-b had "
        "changed it (approved → approved)"
    )


def test_an_undo_of_ones_own_is_none() -> None:
    play = Play()
    play.put(A, "approved")
    play.put(A, "new")
    play.put(B, "approved")
    assert not play.judged()


def test_an_undo_that_finds_it_put_back_changes_nothing() -> None:
    play = Play()
    play.put(A, "approved")
    play.put(B, "approved")
    play.put(B, "new")
    play.put(A, "new")
    assert not play.judged()


def test_an_undo_that_is_refused_because_another_one_went_on() -> None:
    play = Play()
    play.put(A, "approved")
    play.put(B, "shipped")
    assert play.ask(A, "PUT", "/orders/1", state="new") == 409
    assert play.judged() == (
        "dirty read: saga saga-b changed shop.order 1 (approved → shipped) while saga saga-a could still "
        "turn back, and saga saga-a could not undo its change (new → approved)"
    )


def test_an_undo_that_a_fault_refused_says_nothing_of_the_other_one() -> None:
    play = Play(Fault(kind="reject", operation="shop.order.undo", saga=1))
    play.put(A, "approved")
    play.put(B, "approved")
    assert play.ask(A, "PUT", "/orders/1", state="new") == 403
    assert not play.judged()


def test_an_undo_that_is_refused_for_nothing_of_another_one() -> None:
    play = Play()
    play.put(A, "shipped")
    assert play.ask(A, "PUT", "/orders/1", state="new") == 409
    assert play.ask(A, "DELETE", "/notes/7") in (404, 204)
    play.put(B, "approved", "2")
    assert not play.judged()


def completes_by_what_it_read(*, again: bool = False, other: bool = False, status: str = "completed") -> Play:
    """A ships, B reads that and completes, and A takes it back, as a participant may that lets it."""
    play = Play()
    play.put(A, "shipped")
    play.read(B)
    if other:
        play.read(B, "2")
    play.note(B)
    recorder = play.counter.recorder
    (shipped,) = (one for one in recorder.events if isinstance(one, EffectApplied) and one.saga_id == A)
    recorder.add(msgspec.structs.replace(shipped, change=Change.REMOVED, detail="shipped → new"))
    if again:
        play.read(B)
    play.end(B, status)
    return play


def test_a_saga_that_completed_by_what_was_undone_later() -> None:
    assert completes_by_what_it_read().judged() == (
        "dirty read: saga saga-b completed by what it read of shop.order 1, which saga saga-a had changed "
        "(new → shipped) and undid later"
    )


def test_one_that_read_again_or_looked_elsewhere_or_turned_back_did_not() -> None:
    assert not completes_by_what_it_read(again=True).judged()
    assert not completes_by_what_it_read(other=True).judged()
    assert not completes_by_what_it_read(status="compensated").judged()


def test_a_state_that_leads_on_is_a_lock() -> None:
    play = Play()
    play.put(A, "approved")
    play.read(B)
    play.note(B)
    play.put(A, "new")
    play.end(B)
    assert not play.judged()


def reads_twice(*, acts_first: bool = True, acts_then: bool = True, by: str = A) -> Play:
    play = Play()
    play.read(B)
    if acts_first:
        play.note(B)
    play.put(by, "approved")
    play.read(B)
    if acts_then:
        play.note(B)
    play.end(B)
    return play


def test_a_saga_that_acted_on_two_answers() -> None:
    assert reads_twice().judged() == (
        "fuzzy read: saga saga-b acted on shop.order 1 as it read it, and then on what it read after saga "
        "saga-a had changed it (new → approved)"
    )


def test_one_that_rereads_before_it_acts_or_changed_it_itself_is_sound() -> None:
    assert not reads_twice(acts_first=False).judged()
    assert not reads_twice(acts_then=False).judged()
    assert not reads_twice(by=B).judged()
    play = Play()
    for _ in range(2):
        play.read(B)
        play.note(B)
    play.put(A, "approved", "2")
    play.end(B)
    assert not play.judged()


def test_what_was_given_and_used_by_another_one_cannot_be_taken_back() -> None:
    play = Play()
    play.post(A, "credit", 5)
    play.post(B, "debit", 4)
    play.post(A, "take-back", 5, came=409)
    assert play.judged() == (
        "dirty read: saga saga-b used (debit of 4 at x) what saga saga-a had given (credit of 5 at x) and "
        "could not take back"
    )


def test_what_was_taken_back_in_part_and_what_is_no_account_say_nothing() -> None:
    play = Play()
    play.note(A)
    play.post(A, "credit", 5)
    play.post(A, "take-back", 2)
    play.post(B, "debit", 3)
    assert play.ask(B, "GET", "/notes/note-1") == 200
    play.put(A, "approved")
    assert not play.judged()


def test_postings_commute() -> None:
    play = Play()
    play.post(A, "credit", 5)
    play.post(B, "credit", 5)
    play.post(B, "debit", 5)
    play.post(A, "take-back", 5)
    assert not play.judged()
    play = Play()
    play.post(A, "credit", 5)
    play.post(A, "debit", 5)
    play.post(A, "take-back", 5, came=409)
    assert not play.judged(), "it used that itself"


def test_balances_that_each_saga_moved_of_the_other() -> None:
    play = Play()
    play.post(A, "credit", 5)
    play.post(B, "debit", 3)
    play.end(A)
    play.end(B)
    assert play.judged() == "a balance that is not conserved: saga-a moved +5 and saga-b moved -3"
    play = Play()
    play.post(A, "credit", 5)
    play.end(A)
    assert not play.judged(), "that of one alone is no matter between sagas"


def test_a_call_that_was_never_answered_tells_nothing() -> None:
    play = Play(Fault(kind="lose_reply", operation="shop.order.get", saga=1))
    assert play.ask(A, "GET", "/orders/1") is None
    play.put(B, "approved")
    play.put(A, "shipped")
    assert not play.judged()


def test_more_was_taken_than_there_was() -> None:
    """As a service of the user's may tell: ours refuses to go below zero."""
    play = Play()
    play.post(A, "credit", 5)
    play.post(A, "debit", 3)
    assert play.ask(A, "POST", "/accounts/y/debit", amount=9) == 200
    play.post(B, "debit", 2)
    assert not play.judged()
    events = tuple(
        msgspec.structs.replace(one, amount=-4.0) if getattr(one, "amount", None) == -2 else one
        for one in play.counter.recorder.events
    )
    found = play.judged(play.counter.history.with_events(events))
    assert found == "oversold stock: saga-a and saga-b took 2 more of shop.account x than it held"


def test_a_call_in_the_name_of_another_one() -> None:
    play = Play()
    play.note(A)
    play.ask(B, "POST", "/notes", named=A)
    assert play.judged() == "shared memory: saga saga-b sent POST /notes in the name of saga-a"


def test_a_call_that_only_its_path_places_says_nothing() -> None:
    play = Play()
    play.put(A, "approved")
    play.counter.ask("shop", "GET", "/orders/1", executor=2)
    assert not play.judged()


def test_a_removal_of_what_another_one_made_whoever_it_names() -> None:
    play = Play()
    play.note(A)
    play.counter.ask("shop", "DELETE", "/notes/note-1", executor=2)
    assert play.judged() == "undo of another's work: saga saga-b changed shop.note #1 of saga-a"


def waiting(status: str | None, at: tuple[str, ...] = ()) -> str:
    play = Play()
    play.read(A)
    play.read(B)
    play.counter.recorder.add(NobodyHeld(t_s=3, waited=(A, B), at=at))
    play.end(A, status)
    play.end(B)
    return play.judged()


def test_sagas_that_wait_for_each_other_and_do_not_end() -> None:
    assert waiting(None) == "deadlock: saga-a and saga-b wait for each other"
    assert not waiting("compensated"), "it gave up, and so it should"


def test_in_memory_it_is_said_where_each_waits() -> None:
    both = "saga saga-a at sagas.py:11 and saga saga-b at sagas.py:31"
    assert waiting(None, at=("sagas.py:11", "sagas.py:31")) == f"deadlock: {both} wait for each other"
