"""All submissions of a round -> one result, every row with its origin, and accounts that prove nothing was lost.

The steps: assign every row to its unit and plan item (`assign_rows`), resolve several returns of a unit cell by
cell (`resolve_conflicts`), put the rows in plan order (`build_merged`), and count (`accounts`). The result does
not depend on the order of the files. Reads and writes no files; what a person wrote is kept as written, right or
wrong.
"""
