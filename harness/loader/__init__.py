"""The loader: from a SCENARIO argument to a `harness.scenario.Scenario`.

Owns the four forms of a reference (a registered name, a `saga.toml`, `file.py:object`,
`package.module:object`), the file form of a scenario without Python, and the import of a user's
code. Refuses to know which scenarios are registered (the caller brings them) and to run anything.

    resolve             which of the four forms a reference has
    toml_file           one saga.toml, put together from
      saga_table          [saga] and [saga.policy]
      adapter_table       which adapter, and what is common to all
      adapters            what each needs of [saga]: one module an adapter, and one line there
      participants_table  [participants.X.resources.Y]
      participant_class   of these, one that is written in Python
      kinds_table         of these, what is no record: states, balances, stock
      route_keys          the routes of all of them
      answers_keys        of these, what a resource answers
      steps_table         [[steps]]
    table, source       typed reading; every refusal names file, line and key (`harness.toml_lines`)
    modules, target     the user's Python: imported once, found by name, refused in their terms
"""

from harness.loader.resolve import load_scenario

__all__ = ["load_scenario"]
