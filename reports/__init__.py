"""What a campaign found, made good to read: console, Markdown, HTML, JUnit, figures, and the gate.

Owns the wording and the layout. Reads `report.json`, `failures/*.json` and `histories/*.ndjson`,
and decides nothing but the gate: what was judged stands in the report.
"""
