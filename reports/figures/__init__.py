"""Figures by pandas and matplotlib: as part of the page, and as SVG and PNG files.

Owns the numbers behind a figure (`data`), the axes (`axes`), and the formats (`drawing`). Refuses to
measure: what compensation latency is stands in `harness.latency`. Both libraries are imported late, for
together they cost half a second.
"""
