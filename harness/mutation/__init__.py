"""Mistakes of the trade, planted into a saga's own source: which of them the search finds.

The answer to "how do I know that this pass means something for my saga?" Owns which files are a
saga's own, the operators, the mutants and their ids, running a saga with other sources than its files
hold, a search for each mutant, and `mutants.json`. Refuses to judge runs (the campaign does), and to
write into the user's folder.

Parsing and planting need LibCST, which takes 300 ms: import `session` and `planting` late.
"""
