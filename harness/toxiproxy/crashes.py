"""Which toxics bring down Toxiproxy 2.12.0, and why.

Owns the one list of them. The client refuses to send such a toxic and the embedded server answers 400,
so that a plan never works against one server and kills the other. It judges attributes only; whether a
type or an attribute exists is for the server to say.
"""

from collections.abc import Mapping

LARGEST_INT64 = 2**63 - 1
LARGEST_RATE = LARGEST_INT64 // 100
LARGEST_JITTER = LARGEST_INT64 // 2


def crash_reason(toxic_type: str, attributes: Mapping[str, int]) -> str | None:
    """Why the real server would die of this toxic, or None where it would not."""
    if toxic_type == "bandwidth":
        return _bandwidth_reason(attributes.get("rate", 0))
    if toxic_type == "slicer":
        return _slicer_reason(attributes.get("average_size", 0), attributes.get("size_variation", 0))
    if toxic_type == "latency" and attributes.get("jitter", 0) > LARGEST_JITTER:
        return f"jitter must be at most {LARGEST_JITTER}, got {attributes['jitter']}"
    return None


def _bandwidth_reason(rate: int) -> str | None:
    if 0 <= rate <= LARGEST_RATE:
        return None
    return f"rate must be from 0 to {LARGEST_RATE}, got {rate}"


def _slicer_reason(average_size: int, size_variation: int) -> str | None:
    if average_size < 1:
        return f"average_size must be at least 1, got {average_size}"
    if not 0 <= size_variation <= average_size:
        return f"size_variation must be from 0 to average_size ({average_size}), got {size_variation}"
    return None
