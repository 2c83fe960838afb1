"""What can be chosen by name: a world, a search, a proxy.

Owns these words, so that the command line, the pytest plugin, the files and every room read them alike.
Refuses to build what they name.
"""

from __future__ import annotations

from typing import Literal, get_args

WorldName = Literal["sim", "wire"]
SearchKind = Literal["guided", "hypothesis", "both"]
ProxyKind = Literal["auto", "toxiproxy", "embedded"]

WORLDS: tuple[WorldName, ...] = get_args(WorldName)
SEARCHES: tuple[SearchKind, ...] = get_args(SearchKind)
PROXIES: tuple[ProxyKind, ...] = get_args(ProxyKind)
