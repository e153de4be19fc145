"""All forms of a round -> one result, every row with its origin, and accounts that prove nothing went missing.

The steps: settle under which unit and line every row belongs (`settle`), join several returns of a unit cell by
cell (`join`), put the rows in the plan's order, and count (`accounts`). Nothing here depends on the order of the
files. Reads and writes no files; what a person wrote is kept as it was written, right or wrong.
"""
