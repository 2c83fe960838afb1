"""Inputs of a saga: those that a scenario lists, and those that are drawn for it.

Owns how a run refers to its input, JSON Schemas as strategies, and the few small inputs that guided
search takes where a scenario describes its inputs instead of listing them. Refuses to draw for a run
(`harness.strategies` does). Hypothesis and hypothesis-jsonschema are imported when first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Union, cast

import msgspec

from harness.errors import SagaChaosError, ScenarioError, misplaced
from harness.saga import Json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

FEW = 3
"""Small inputs that guided search takes where none are listed: each is searched on its own."""

_LOOKED_AT = 60

InputStrategy = Union["SearchStrategy[Json]", Callable[[], "SearchStrategy[Json]"]]
"""A Hypothesis strategy, or what makes one once it is needed."""


class DrawnInput(msgspec.Struct, frozen=True):
    """An input that was drawn for a run, as JSON text: equal where the inputs are, and hashable."""

    text: bytes

    @property
    def value(self) -> Json:
        """The input itself."""
        value: Json = msgspec.json.decode(self.text)
        return value


InputRef = int | DrawnInput
"""Which of the scenario's inputs, by its index; or one that was drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaInputs:
    """Inputs that fit a JSON Schema. `where`: its place, for messages."""

    schema: dict[str, Json]
    where: str

    def __call__(self) -> SearchStrategy[Json]:
        """The strategy. Raises ScenarioError where the schema is none, with the place in it."""
        from hypothesis_jsonschema import from_schema  # noqa: PLC0415 - half a second to import

        self._check()
        _mend_hypothesis_jsonschema()
        return cast("SearchStrategy[Json]", from_schema(cast("Any", self.schema)))

    def fits(self, value: Json) -> bool:
        """Whether an input is one of them."""
        from jsonschema import Draft7Validator  # noqa: PLC0415 - half a second to import
        from jsonschema.validators import validator_for  # noqa: PLC0415 - see above

        return bool(validator_for(self.schema, default=Draft7Validator)(self.schema).is_valid(value))

    def _check(self) -> None:
        from jsonschema import Draft7Validator, SchemaError  # noqa: PLC0415 - see above
        from jsonschema.validators import validator_for  # noqa: PLC0415 - see above

        try:
            validator_for(self.schema, default=Draft7Validator).check_schema(self.schema)
        except SchemaError as error:
            inner = "".join(f".{part}" for part in error.absolute_path)
            expected = f"a JSON Schema: {error.message}"
            raise ScenarioError(misplaced(f"{self.where}{inner}", error.instance, expected)) from None


def place_of(source: InputStrategy, scenario: str) -> str:
    """Where a strategy stands, for messages."""
    return source.where if isinstance(source, SchemaInputs) else f"scenario {scenario!r}, input_strategy"


def as_json_text(value: object, where: str) -> bytes:
    """A drawn value as JSON. Raises ScenarioError where it cannot be one, or is read back as another."""
    try:
        text = msgspec.json.encode(value)
        again = msgspec.json.encode(msgspec.json.decode(text))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        expected = f"a value that JSON can hold ({error})"
        raise ScenarioError(misplaced(where, value, expected)) from None
    return again


def strategy_of(source: InputStrategy) -> SearchStrategy[Json]:
    """The strategy itself."""
    from hypothesis.strategies import SearchStrategy as Strategy  # noqa: PLC0415 - 150 ms to import

    made: object = source if isinstance(source, Strategy) or not callable(source) else source()
    if not isinstance(made, Strategy):
        raise ScenarioError(misplaced("input_strategy", made, "a Hypothesis strategy, or what returns one"))
    return made


def small_inputs(source: InputStrategy, where: str) -> tuple[Json, ...]:
    """A few small inputs, the same each time: the smallest of each shape first, then the next smallest.

    Raises ScenarioError where nothing can be drawn, with the reason.
    """
    import hypothesis  # noqa: PLC0415 - 150 ms to import

    from harness.repeatable import own_hypothesis_run, quiet_settings  # noqa: PLC0415

    found: dict[bytes, Json] = {}

    def keep(value: object) -> None:
        text = as_json_text(value, where)
        found.setdefault(text, msgspec.json.decode(text))

    try:
        with own_hypothesis_run():
            test = hypothesis.given(strategy_of(source))(keep)
            hypothesis.seed(0)(quiet_settings(_LOOKED_AT)(test))()
    except SagaChaosError:
        raise
    except Exception as error:
        raise cannot_draw(error, where) from error
    return _smallest(found)


def cannot_draw(error: Exception, where: str) -> ScenarioError:
    """What a strategy raised, as the user's business."""
    found = f"{type(error).__name__}: {error}".splitlines()[0]
    return ScenarioError(f"{where}: found {found}, expected inputs that can be drawn")


def _smallest(found: Mapping[bytes, Json]) -> tuple[Json, ...]:
    by_size = sorted(found, key=lambda text: (len(text), text))
    first_of_shape = {_shape(found[text]): text for text in reversed(by_size)}
    chosen = sorted(first_of_shape.values(), key=by_size.index)[:FEW]
    chosen += [text for text in by_size if text not in chosen][: FEW - len(chosen)]
    return tuple(found[text] for text in sorted(chosen, key=by_size.index))


def _shape(value: Json) -> object:
    """Its types, without the values."""
    if isinstance(value, Mapping):
        return ("object", *((name, _shape(value[name])) for name in sorted(value)))
    if isinstance(value, list | tuple):
        return ("array", *dict.fromkeys(_shape(one) for one in value))
    return type(value).__name__


def _mend_hypothesis_jsonschema() -> None:
    """Its last release uses an inner class of Hypothesis by methods that are gone by now."""
    from hypothesis.internal.conjecture import utils  # noqa: PLC0415 - an inner module, which may go
    from hypothesis_jsonschema import _from_schema  # noqa: PLC0415 - see above

    if not hasattr(utils.many, "more"):
        vars(_from_schema)["cu"] = SimpleNamespace(many=_Many)


class _Many:
    """`more` and `reject`, as hypothesis-jsonschema 0.23 asks for them."""

    def __init__(self, data: object, **sizes: float) -> None:
        from hypothesis.internal.conjecture import utils  # noqa: PLC0415 - see above

        self._elements = utils.many(data, **sizes)  # type: ignore[arg-type]  # what it was always given
        self._each = iter(self._elements.__enter__())

    def more(self) -> bool:
        """Whether one more is to be drawn."""
        if next(self._each, _NONE) is _NONE:
            self._elements.__exit__(None, None, None)
            return False
        return True

    def reject(self, why: str | None = None) -> None:
        """The last one does not count."""
        self._elements.reject(why)


_NONE = object()
