"""What one saga could know of its own calls; every question may be asked as of an event index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from harness.history import Answer, Call, ExecutorEnded, ExecutorStruck, History, MessagePublished
from harness.participant import Change, ResourceSpec, Verb
from harness.saga import Claim, Direction, SagaSpec, Status
from harness.views.handed_over import HandedOver, handed_over

T = TypeVar("T")

_GOOD = (Answer.ACKNOWLEDGED, Answer.UNREADABLE)
_NOT_APPLIED = (Answer.REFUSED, Answer.UNSENT)

END = 1 << 60
"""As of the end of the run."""


class SagaView:
    """One saga of a run. `resources` maps `participant.resource` to its declaration."""

    def __init__(
        self, saga_id: str, history: History, spec: SagaSpec, resources: Mapping[str, ResourceSpec]
    ) -> None:
        self.saga_id = saga_id
        self.spec = spec
        self._resources = resources
        self._visible = history.began.visible_attempts
        self.calls = tuple(call for call in history.calls if call.saga_id == saga_id and not _kept_back(call))
        self.ends: Sequence[ExecutorEnded] = history.ends(saga_id)
        self._history = history
        self._sent: dict[tuple[str, Direction], list[Call]] = defaultdict(list)
        self._attempts: dict[tuple[str, Direction], list[Call]] = defaultdict(list)
        self._queries: dict[str, list[Call]] = defaultdict(list)
        self._undos: list[Call] = []
        self._folded: dict[Callable[[SagaView], object], Any] = {}
        for call in self.calls:
            self._sort(call)

    def folded(self, fold: Callable[[SagaView], T]) -> T:
        """What a function makes of this saga, worked out once: several judges ask for the same."""
        if fold not in self._folded:
            self._folded[fold] = fold(self)
        found: T = self._folded[fold]
        return found

    @cached_property
    def handed_over(self) -> HandedOver:
        """What came to its handlers more than once."""
        return handed_over(self._history, self.saga_id)

    @cached_property
    def published(self) -> tuple[tuple[int, MessagePublished], ...]:
        """The events that the bus had from it, with their indexes; the same one again is none of its own."""
        first: dict[tuple[str, str, str], tuple[int, MessagePublished]] = {}
        for index, one in self._history.of(MessagePublished):
            if one.saga_id == self.saga_id:
                first.setdefault(one.identity, (index, one))
        return tuple(first.values())

    @property
    def published_end(self) -> Status | None:
        """How it ended by the first end that it published; None where it published none."""
        return next((Status(one.end) for _, one in self.published if one.end is not None), None)

    @property
    def struck(self) -> bool:
        """Whether a process fault struck any executor of it."""
        return any(event.saga_id == self.saga_id for _, event in self._history.of(ExecutorStruck))

    # How it ended -----------------------------------------------------------------------------

    @cached_property
    def status(self) -> Status | None:
        """The last known status that its last executor answered; None where it answered none."""
        return self.word(self.ends[-1]) if self.ends else None

    def word(self, ended: ExecutorEnded) -> Status | None:
        """What an executor answered; after a cancellation what the pivot decides (RULES §7)."""
        if ended.cancelled:
            return Status.COMPLETED if self._pivot_applied else Status.COMPENSATED
        return Status(ended.status) if ended.status is not None else None

    @property
    def ended(self) -> ExecutorEnded | None:
        """How its last executor ended."""
        return self.ends[-1] if self.ends else None

    # What was sent ----------------------------------------------------------------------------

    def attempts(self, step: str, direction: Direction, before: int = END) -> list[Call]:
        """Requests sent for a step and direction, repeats after a 202 aside."""
        if before == END:
            return self._attempts[step, direction]
        return [call for call in self._attempts[step, direction] if call.index < before]

    def undos(self, *, repeats: bool = False) -> list[Call]:
        """All undo attempts in the order in which they were sent, with the repeats after a 202 if asked."""
        return self._undos if repeats else self._first_undos

    @cached_property
    def _first_undos(self) -> list[Call]:
        return [call for call in self._undos if not call.again]

    def queries(self, step: str, before: int = END) -> list[Call]:
        """Queries that could tell about a step."""
        return [call for call in self._queries[step] if call.index < before]

    def asked(self, operation: str, before: int = END) -> list[Call]:
        """Calls of a query, whatever it is asked for."""
        sent = (call for call in self.calls if call.sent.operation == operation)
        return [call for call in sent if call.index < before]

    # What it learned --------------------------------------------------------------------------

    def acknowledged(self, step: str, direction: Direction, before: int = END) -> Call | None:
        """The first call of a step and direction whose acknowledgement was heard before an index."""
        for call in self._sent[step, direction]:
            if _heard(call, before) and call.answer is Answer.ACKNOWLEDGED:
                return call
        return None

    def taken_as_done(self, step: str, direction: Direction, before: int = END) -> bool:
        """Acknowledged, or a 2xx that the saga may take either way because only its body was unreadable."""
        sent = self._sent[step, direction]
        return bool(sent) and any(_done(call, before) and call.answer in _GOOD for call in sent)

    def doubts(self, step: str, before: int = END) -> list[Call]:
        """Action attempts that left the saga in doubt, those still on their way among them."""
        sent = self.attempts(step, Direction.ACTION, before)
        return [call for call in sent if not _heard(call, before) or call.answer.in_doubt]

    def contradicted(self, step: str, before: int = END) -> bool:
        """Refused after an attempt in doubt (RULES §6, reject)."""
        in_doubt = False
        for call in self.attempts(step, Direction.ACTION, before):
            in_doubt = in_doubt or self.perhaps_begun(step, call.index)
            if in_doubt and _done(call, before) and call.answer is Answer.REFUSED:
                return True
            in_doubt = in_doubt or call.answer.in_doubt or call.struck is not None
        return False

    def perhaps_begun(self, step: str, before: int = END) -> bool:
        """Whether an executor that was struck may have been about to send a step, for all that is known.

        The call that was struck and the next one count as begun (RULES §7): the next one is a step all
        of whose parents had been sent by then.
        """
        at_calls = [call.struck for call in self.calls if call.struck is not None]
        parents = self.spec.parents[step]
        return any(
            all(self.attempts(parent, Direction.ACTION, index) for parent in parents)
            for index in (*at_calls, *self._struck_at_start)
            if index < before
        )

    def shown(self, step: str, before: int = END) -> bool:
        """A query showed that the step is applied."""
        return any(_done(call, before) and _shows(call, step) for call in self._queries[step])

    def denied(self, step: str, before: int = END) -> bool:
        """A query, sent after the last attempt in doubt had ended, showed that nothing is there."""
        ends = [END if call.end is None else call.end for call in self.doubts(step, before)]
        return self._not_shown(step, before, max(ends, default=-1))

    def _not_shown(self, step: str, before: int, since: int) -> bool:
        """A query that was sent after a moment was answered, and did not show the step."""
        asked = [call for call in self._queries[step] if call.index > since and _done(call, before)]
        return any(call.answer is Answer.ACKNOWLEDGED and not _shows(call, step) for call in asked)

    def surely_not_applied(self, step: str, before: int = END) -> bool:
        """Never sent, or every attempt refused or without a connection (RULES §1)."""
        sent = self.attempts(step, Direction.ACTION, before)
        return all(_done(call, before) and call.answer in _NOT_APPLIED for call in sent)

    def needless(self, step: str, before: int = END) -> bool:
        """Whether, as far as the saga could know, nothing of a step was there to undo."""
        if self.spec.by_name[step].compensation is None:
            return True
        if self.acknowledged(step, Direction.ACTION, before) is not None:
            return False
        if self._trusts_replies and all(
            _unanswered(call, before) for call in self.attempts(step, Direction.ACTION, before)
        ):
            return True
        return self.surely_not_applied(step, before) or self.denied(step, before)

    @property
    def _trusts_replies(self) -> bool:
        """Whether the saga may take what was not acknowledged for not done: no reply of it is ever lost."""
        return Claim.LOST_REPLY not in self.spec.claims

    def undone(self, step: str, before: int = END) -> bool:
        """The undo of a step was acknowledged, or the saga may take it so."""
        return self.taken_as_done(step, Direction.COMPENSATION, before)

    def given_up(self, step: str, at: int) -> bool:
        """Its undo, or the query before it, failed before `at` and was not sent again; or there is no way."""
        tried = sorted([*self._sent[step, Direction.COMPENSATION], *self._queries[step]], key=_index)
        if not tried:  # an attempt that could not be seen counts as possibly made
            return self.no_way_back(step) or not self._visible
        last = tried[-1]
        return last.index < at and _done(last, at) and (last.query or last.answer is not Answer.ACKNOWLEDGED)

    def no_way_back(self, step: str, before: int = END) -> bool:
        """In doubt at a resource that offers no way to find or undo it without its id, or did not find it.

        What was not found may still land: nobody can undo it then. Nor does it help to have tried it again
        since, where that failed, too.
        """
        resource = self._resources[self.spec.by_name[step].resource]
        ends = [END if call.end is None else call.end for call in self.doubts(step, before)]
        in_vain = self._not_shown(step, before, min(ends, default=-1)) and not self.shown(step, before)
        blind = not resource.has(Verb.FIND) or in_vain
        doubtful = bool(self.doubts(step, before)) or self.perhaps_begun(step, before)
        unknown = doubtful and self.acknowledged(step, Direction.ACTION, before) is None
        # What is there already is undone by an id that the saga knew beforehand.
        return unknown and blind and not resource.has(Verb.DELETE_BY_SAGA) and resource.kind is None

    # ------------------------------------------------------------------------------------------

    @cached_property
    def _pivot_applied(self) -> bool:
        pivot = self.spec.pivot
        return pivot is not None and any(
            effect.change in (Change.CREATED, Change.COMPLETED)
            for call in self.attempts(pivot.name, Direction.ACTION)
            for _, effect in call.effects
        )

    @cached_property
    def _struck_at_start(self) -> tuple[int, ...]:
        """Indexes at which an executor was struck that had sent nothing yet."""
        return tuple(
            index
            for index, event in self._history.of(ExecutorStruck)
            if event.saga_id == self.saga_id and not event.call
        )

    def _sort(self, call: Call) -> None:
        direction = call.sent.direction
        if direction is Direction.COMPENSATION:
            self._undos.append(call)
        for step in call.sent.steps:
            if direction is None:
                self._queries[step].append(call)
                continue
            self._sent[step, direction].append(call)
            if not call.again:
                self._attempts[step, direction].append(call)


def _kept_back(call: Call) -> bool:
    """An undo that was struck before it left undid nothing: the saga may still go forward.

    An action counts as begun all the same: whoever resumes may have to undo it.
    """
    return call.withheld and call.sent.direction is Direction.COMPENSATION


def _done(call: Call, before: int) -> bool:
    return call.end is not None and call.end < before


def _heard(call: Call, before: int) -> bool:
    """Ended, and not by an answer that a struck executor may never have looked at."""
    return _done(call, before) and call.struck is None


def _unanswered(call: Call, before: int) -> bool:
    return _heard(call, before) and call.answer not in (Answer.ACKNOWLEDGED, Answer.UNREADABLE)


def _index(call: Call) -> int:
    return call.index


def _shows(call: Call, step: str) -> bool:
    return call.answered is not None and step in (call.answered.shows or ())
