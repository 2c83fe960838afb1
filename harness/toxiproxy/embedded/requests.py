"""What clients ask for: each body of the API, read into a typed value.

Owns the defaults, the required fields and the refusals, which are the real server's; and one refusal of
our own: a toxic that would crash the real server is answered 400.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.toxiproxy.crashes import crash_reason
from harness.toxiproxy.embedded.failures import (
    ApiFailure,
    invalid_stream,
    invalid_toxic_type,
    missing_field,
)
from harness.toxiproxy.embedded.gojson import Fields, JsonValue, Misfits, first_value, shortest_float32
from harness.toxiproxy.embedded.toxic import Toxic
from harness.toxiproxy.embedded.toxics import REGISTRY, Behaviour

POPULATE_ITEM = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'
TOXIC_CHANGE = (
    'struct { Attributes interface {} "json:\\"attributes\\""; Toxicity float32 "json:\\"toxicity\\"" }'
)
NO_ATTRIBUTES = "struct field ToxicWrapper.attributes of type toxics.NoopToxic"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyInput:
    """A proxy as it is wanted."""

    name: str = ""
    listen: str = ""
    upstream: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxicChange:
    """What a toxic shall become; the real server takes attributes over even when another one misfits."""

    behaviour: Behaviour
    toxicity: float
    misfits: Misfits


def read_new_proxy(body: bytes) -> ProxyInput:
    """The body of POST /proxies."""
    wanted = read_proxy_change(body, ProxyInput())
    _require(wanted, "")
    return wanted


def read_proxy_change(body: bytes, now: ProxyInput) -> ProxyInput:
    """The body of PATCH /proxies/{name}: what it does not name stays."""
    misfits = Misfits()
    fields = Fields(first_value(body), misfits, owner="Proxy", target="value of type toxiproxy.Proxy")
    wanted = _proxy(fields, now)
    misfits.tell()
    return wanted


def read_population(body: bytes) -> list[ProxyInput]:
    """The body of POST /populate."""
    misfits = Misfits()
    value = first_value(body)
    if not isinstance(value, Sequence) or isinstance(value, str):
        if value is not None:
            misfits.add(value, f"value of type []{POPULATE_ITEM}")
        value = ()
    wanted = [_population_item(item, misfits) for item in value]
    misfits.tell()
    for position, proxy in enumerate(wanted, start=1):
        _require(proxy, f" at proxy {position}")
    return wanted


def read_new_toxic(body: bytes) -> Toxic:
    """The body of POST /proxies/{name}/toxics."""
    misfits = Misfits()
    value = first_value(body)
    fields = Fields(value, misfits, owner="ToxicWrapper", target="value of type toxics.ToxicWrapper")
    attributes = fields.member("attributes")
    Fields(attributes, misfits, owner="", target=NO_ATTRIBUTES)
    toxic = Toxic(
        name=fields.text("name", ""),
        type=fields.text("type", ""),
        stream=fields.text("stream", "downstream"),
        toxicity=shortest_float32(fields.real("toxicity", 1.0)),
    )
    misfits.tell()
    return _completed(toxic, attributes)


def read_toxic_change(body: bytes, toxic: Toxic) -> ToxicChange:
    """The body of PATCH /proxies/{name}/toxics/{toxic}."""
    misfits = Misfits()
    fields = Fields(first_value(body), misfits, owner="", target=f"value of type {TOXIC_CHANGE}")
    target = f"struct field .attributes of type toxics.{toxic.behaviour.go_name}"
    behaviour = _behaviour(toxic.behaviour, fields.member("attributes"), misfits, target)
    _refuse_crash(toxic.type, behaviour)
    toxicity = shortest_float32(fields.real("toxicity", toxic.toxicity))
    return ToxicChange(behaviour=behaviour, toxicity=toxicity, misfits=misfits)


def _completed(toxic: Toxic, attributes: JsonValue) -> Toxic:
    if toxic.direction not in {"upstream", "downstream"}:
        raise invalid_stream()
    toxic.name = toxic.name or f"{toxic.type}_{toxic.stream}"
    if toxic.type not in REGISTRY:
        raise invalid_toxic_type()
    misfits = Misfits()
    toxic.behaviour = _behaviour(REGISTRY[toxic.type](), attributes, misfits, "")
    misfits.tell()
    _refuse_crash(toxic.type, toxic.behaviour)
    return toxic


def _behaviour(now: Behaviour, attributes: JsonValue, misfits: Misfits, target: str) -> Behaviour:
    fields = Fields(attributes, misfits, owner=f"{now.go_name}.attributes", target=target)
    was = now.attributes()
    return now.changed({name: fields.whole(name, was[name], now.go_number) for name in now.attribute_names()})


def _refuse_crash(toxic_type: str, behaviour: Behaviour) -> None:
    reason = crash_reason(toxic_type, behaviour.attributes())
    if reason is not None:
        raise ApiFailure(f"{reason}: this would crash Toxiproxy 2.12.0", 400)


def _population_item(value: JsonValue, misfits: Misfits) -> ProxyInput:
    target = f"value of type {POPULATE_ITEM}"
    return _proxy(Fields(value, misfits, owner=".Proxy", target=target), ProxyInput())


def _proxy(fields: Fields, now: ProxyInput) -> ProxyInput:
    return ProxyInput(
        name=fields.text("name", now.name),
        listen=fields.text("listen", now.listen),
        upstream=fields.text("upstream", now.upstream),
        enabled=fields.flag("enabled", default=now.enabled),
    )


def _require(wanted: ProxyInput, where: str) -> None:
    for name, value in (("name", wanted.name), ("upstream", wanted.upstream)):
        if not value:
            raise missing_field(f"{name}{where}")
