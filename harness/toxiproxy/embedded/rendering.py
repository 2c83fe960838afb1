"""How the API shows proxies and toxics: the shapes and the order of the real server."""

from harness.toxiproxy.embedded.gojson import JsonValue
from harness.toxiproxy.embedded.proxy import Proxy
from harness.toxiproxy.embedded.toxic import Toxic


def show_toxic(toxic: Toxic) -> JsonValue:
    """One toxic."""
    return {
        "attributes": dict(toxic.behaviour.attributes()),
        "name": toxic.name,
        "type": toxic.type,
        "stream": toxic.stream,
        "toxicity": toxic.toxicity,
    }


def show_proxy(proxy: Proxy) -> JsonValue:
    """One proxy with its toxics. The empty `Logger` is a slip of the real server that clients may see."""
    return {
        "name": proxy.name,
        "listen": proxy.listen,
        "upstream": proxy.upstream,
        "enabled": proxy.enabled,
        "Logger": {},
        "toxics": [show_toxic(toxic) for toxic in proxy.chain.all()],
    }
