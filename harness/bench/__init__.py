"""The benchmark of compensation latency: N sagas that are made to abort, and how long undoing took.

Owns which step is refused so that a saga has the most to undo, the processes that run side by side,
and `bench.json`. What is measured is defined in `harness.latency`; how it is shown in
`reports.bench`. Refuses to judge: a benchmark says how fast, not how right. Imports nothing here, so that
who reads a result (`result`) does not load what measures (`measure`).
"""
