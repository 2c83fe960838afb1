"""Order fulfilment with the first of its inputs: its search takes a third of the time, and finds the same."""

from __future__ import annotations

from dataclasses import replace

from scenarios.order_fulfilment import order_fulfilment

_whole = order_fulfilment()
one_order = replace(_whole, inputs=_whole.inputs[:1], reference="")
