"""Mistakes in trying again: not at all, without end, without a pause, without a time-out."""

from __future__ import annotations

import libcst as cst

from harness.mutation.code import Code
from harness.mutation.nodes import called_name, last_name
from harness.mutation.operators.base import Change, Changes, Operator, expression
from harness.mutation.words import ATTEMPTS, SLEEP

_MANY = "1_000_000"


def is_retry(code: Code, loop: cst.CSTNode) -> bool:
    """A loop that sends again: it talks, and it pauses or catches, or counts attempts."""
    if not isinstance(loop, cst.For | cst.While) or not code.talks(loop.body):
        return False
    if isinstance(loop, cst.For) and not _is_range(loop.iter):
        return False
    pauses = any(_sleeps(one) for one in _inside(loop.body))
    catches = any(isinstance(one, cst.Try) for one in loop.body.body)
    return pauses or catches


def _is_range(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and called_name(node) in ("range", "count")


def _inside(node: cst.CSTNode) -> list[cst.CSTNode]:
    return [node, *(inner for child in node.children for inner in _inside(child))]


def _sleeps(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and bool(SLEEP.match(called_name(node))) and bool(node.args)


def _retry_dropped(code: Code) -> Changes:
    for loop in code.of(cst.For):
        if is_retry(code, loop):
            yield Change(loop.iter, expression("range(1)"))
    for whiles in code.of(cst.While):
        if is_retry(code, whiles) and isinstance(whiles.body, cst.IndentedBlock):
            ended = [*whiles.body.body, cst.SimpleStatementLine([cst.Break()])]
            yield Change(whiles.body, whiles.body.with_changes(body=ended))
    for number in _attempts(code):
        yield Change(number, cst.Integer("1"))


def _attempts(code: Code) -> list[cst.Integer]:
    """Numbers above 1 under a name for attempts: defaults, constants and keywords."""
    return [
        number
        for number in code.of(cst.Integer)
        if number.evaluated_value > 1 and ATTEMPTS.search(_name_of(code, number))
    ]


def _name_of(code: Code, value: cst.CSTNode) -> str:
    parent = code.parent(value)
    match parent:
        case cst.Arg():
            return parent.keyword.value if parent.keyword is not None else ""
        case cst.Param():
            return parent.name.value
        case cst.AnnAssign():
            return last_name(parent.target)
        case cst.Assign():
            return last_name(parent.targets[0].target)
        case cst.Element():
            return _name_in_tuple(code, parent)
        case _:
            return ""


def _name_in_tuple(code: Code, element: cst.Element) -> str:
    """`ATTEMPTS` for the 4 of `ATTEMPTS, TIMEOUT_S = 4, 0.3`."""
    values = code.parent(element)
    assigned = code.parent(values) if values is not None else None
    if not isinstance(values, cst.Tuple) or not isinstance(assigned, cst.Assign):
        return ""
    names = assigned.targets[0].target
    if not isinstance(names, cst.Tuple) or len(names.elements) != len(values.elements):
        return ""
    return last_name(names.elements[list(values.elements).index(element)].value)


def _unbounded(code: Code) -> Changes:
    for loop in code.of(cst.For):
        if is_retry(code, loop) and isinstance(loop.iter, cst.Call) and called_name(loop.iter) == "range":
            start = code.source(loop.iter.args[0].value) if len(loop.iter.args) > 1 else "0"
            yield Change(loop.iter, expression(f'__import__("itertools").count({start})'))
    for whiles in code.of(cst.While):
        if is_retry(code, whiles) and last_name(whiles.test) != "True":
            yield Change(whiles.test, cst.Name("True"))
    for number in _attempts(code):
        yield Change(number, cst.Integer(_MANY))


def _no_back_off(code: Code) -> Changes:
    for call in code.of(cst.Call):
        if _sleeps(call) and _is_pause(code.source(call.args[0].value)):
            first = call.args[0].with_changes(value=cst.Integer("0"))
            yield Change(call, call.with_changes(args=[first, *call.args[1:]]))


def _is_pause(text: str) -> bool:
    """Whether a pause is one: `sleep(0)` only lets others run."""
    return text not in ("0", "0.0")


def _no_time_out(code: Code) -> Changes:
    for arg in code.of(cst.Arg):
        named = arg.keyword is not None and arg.keyword.value == "timeout"
        call = code.parent(arg)
        of_store = isinstance(call, cst.Call) and called_name(call) in ("connect", "acquire", "wait", "join")
        if named and not of_store and last_name(arg.value) != "None":
            yield Change(arg, arg.with_changes(value=cst.Name("None")))


RETRY_DROPPED = Operator(
    name="retry_dropped",
    says="nothing is tried a second time",
    changes=_retry_dropped,
    allowed="a saga may give up at its first failure, if it turns back or says stuck",
)
RETRY_UNBOUNDED = Operator(name="retry_unbounded", says="attempts are without a bound", changes=_unbounded)
BACK_OFF_DROPPED = Operator(
    name="back_off_dropped", says="attempts follow without a pause", changes=_no_back_off
)
TIME_OUT_DROPPED = Operator(name="time_out_dropped", says="a request waits for ever", changes=_no_time_out)
