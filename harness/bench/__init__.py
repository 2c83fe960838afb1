"""The benchmark of compensation latency: how long customers' resources hang, and why.

Owns which faults make a saga abort, the sagas that are run side by side, what is counted of each, and
`bench.json`. What is measured is defined in `harness.compensation`; how it is shown in `reports.bench`.
Refuses to judge: a benchmark says how fast, not how right. Imports nothing here, so that who reads a
result (`result`) does not load what measures (`measure`).
"""
