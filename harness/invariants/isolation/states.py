"""Anomalies of what has a state: an order, a seat, a ticket that several sagas change.

Frank and Zahle (1998) and Richardson name them. Countermeasures pass: a saga that rereads has seen the
change, one that sends a version is refused and changes nothing, one that meets a lock does not complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.invariants.base import Finding
from harness.invariants.isolation.accesses import Accesses, Act, Read, named
from harness.participant.state import StateKind
from harness.views import View


def lost_updates(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga read, another one changed it, and the first one changed it without having read it again."""
    for entity, acts in _of_states(view, accesses):
        for late in acts:
            seen = [one for one in accesses.reads.get(entity, ()) if _is_before(one, late)]
            if not seen or late.undone is not None:
                continue
            lost = [one for one in acts if one.saga != late.saga and seen[-1].index < one.index < late.index]
            if lost and lost[-1].undone is None:
                message = (
                    f"lost update: saga {late.saga} changed {named(entity)} ({late.words}) by what it had "
                    f"read before saga {lost[-1].saga} changed it ({lost[-1].words})"
                )
                yield Finding(message, (seen[-1].index, lost[-1].index, late.index))


def undone_of_another(view: View, accesses: Accesses) -> Iterator[Finding]:
    """An undo put back a state on which another saga had built, whose change was to stay."""
    for entity, acts in _of_states(view, accesses):
        for early in acts:
            source, _, target = early.undone_words.partition(" → ")
            if early.undone is None or not target or source == target:
                continue
            over = [one for one in acts if one.saga != early.saga and early.index < one.index < early.undone]
            if over and over[-1].undone is None:
                message = (
                    f"undo of another's work: saga {early.saga} put {named(entity)} back "
                    f"({early.undone_words}) after saga {over[-1].saga} had changed it ({over[-1].words})"
                )
                yield Finding(message, (early.index, over[-1].index, early.undone))
    for refused in accesses.refused_undos:
        yield from _refused_because(accesses, refused.saga, refused.entity, refused.index, view)


def _refused_because(
    accesses: Accesses, saga: str, entity: tuple[str, str], index: int, view: View
) -> Iterator[Finding]:
    """A saga cannot undo its change, for another one has built on it: it read what was not final."""
    acts = accesses.acts.get(entity, [])
    if not _has_state(view, entity[0]):
        return
    own = [one for one in acts if one.saga == saga and one.index < index and one.undone is None]
    over = [one for one in acts if own and one.saga != saga and own[-1].index < one.index < index]
    if over and over[-1].undone is None:
        message = (
            f"dirty read: saga {over[-1].saga} changed {named(entity)} ({over[-1].words}) while saga {saga} "
            f"could still turn back, and saga {saga} could not undo its change ({own[-1].words})"
        )
        yield Finding(message, (own[-1].index, over[-1].index, index))


def dirty_reads(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga completed on a state that another one undid later, and did not read it again.

    A state that leads on to another one is a lock, not a result; and a saga that looked at others of the
    kind, or changed any, may have chosen because of what it saw.
    """
    for entity, acts in _of_states(view, accesses):
        for act in acts:
            if act.undone is None or _leads_on(view, entity[0], act.target):
                continue
            for read in accesses.reads.get(entity, ()):
                latest = [one for one in acts if one.index < read.index][-1:]
                dirty = latest == [act] and read.index < act.undone and read.saga != act.saga and not read.own
                if dirty and accesses.completed(read.saga) and _is_last_word(accesses, read, act.undone):
                    message = (
                        f"dirty read: saga {read.saga} completed by what it read of {named(entity)}, which "
                        f"saga {act.saga} had changed ({act.words}) and undid later"
                    )
                    yield Finding(message, (act.index, read.index, act.undone))


def _is_last_word(accesses: Accesses, read: Read, undone: int) -> bool:
    """Whether the saga did not look again, and at nothing else of that resource."""
    resource = read.entity[0]
    reads = [one for found in accesses.reads.values() for one in found if one.saga == read.saga]
    again = any(one.entity == read.entity and one.index > undone for one in reads)
    acts = [one for found in accesses.acts.values() for one in found if one.saga == read.saga]
    others = any(one.entity[0] == resource and one.entity != read.entity for one in reads)
    return not again and not others and not any(one.entity[0] == resource for one in acts)


def fuzzy_reads(view: View, accesses: Accesses) -> Iterator[Finding]:
    """A saga read twice, acted on each, and got another answer the second time, by another saga's change."""
    for entity, acts in _of_states(view, accesses):
        reads = accesses.reads.get(entity, [])
        for saga in dict.fromkeys(one.saga for one in reads):
            if not accesses.completed(saga):
                continue
            own = [one for one in reads if one.saga == saga]
            for first, second in pairwise(own):
                between = [one for one in acts if first.index < one.index < second.index]
                by_others = [one for one in between if one.saga != saga]
                if first.content == second.content or not by_others or len(by_others) < len(between):
                    continue
                before = accesses.effects_of(saga, first.index, second.index)
                after = accesses.effects_of(saga, second.index, len(view.history.events))
                if before and after:
                    message = (
                        f"fuzzy read: saga {saga} acted on {named(entity)} as it read it, and then on what "
                        f"it read after saga {by_others[-1].saga} had changed it ({by_others[-1].words})"
                    )
                    yield Finding(message, (first.index, by_others[-1].index, second.index, after[0]))


def _is_before(read: Read, act: Act) -> bool:
    return read.saga == act.saga and read.index < act.index


def _of_states(view: View, accesses: Accesses) -> Iterator[tuple[tuple[str, str], list[Act]]]:
    for entity, acts in accesses.acts.items():
        if _has_state(view, entity[0]):
            yield entity, acts


def _has_state(view: View, resource: str) -> bool:
    spec = view.resources.get(resource)
    return spec is not None and isinstance(spec.kind, StateKind)


def _leads_on(view: View, resource: str, state: str) -> bool:
    kind = view.resources[resource].kind
    return isinstance(kind, StateKind) and any(
        state in move.sources and move.target != state and not move.undoes for move in kind.moves
    )
