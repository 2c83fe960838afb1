"""What went through the proxies, for GET /metrics in Prometheus' text format.

Off unless asked for, as with the real server.
"""

from collections import Counter

HELP = "# HELP {name} \n# TYPE {name} counter\n"


class Metrics:
    """Bytes by side and direction of each proxy."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        self._bytes: Counter[tuple[str, str]] = Counter()

    def add(self, side: str, direction: str, labels: tuple[str, str, str], count: int) -> None:
        """Count bytes `received` or `sent`; the labels are listener, proxy and upstream."""
        listener, proxy, upstream = (_escaped(label) for label in labels)
        series = f'direction="{direction}",listener="{listener}",proxy="{proxy}",upstream="{upstream}"'
        self._bytes[side, series] += count

    def render(self) -> str:
        """All series in order."""
        return "".join(self._family(side) for side in ("received", "sent"))

    def _family(self, side: str) -> str:
        name = f"toxiproxy_proxy_{side}_bytes_total"
        rows = [f"{name}{{{series}}} {n}\n" for (s, series), n in sorted(self._bytes.items()) if s == side]
        return HELP.format(name=name) + "".join(rows) if rows else ""


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
