"""Everything that compares rounds: lineage of plan items, previous answers, changes, history.

Takes plain values (`RoundStatus`, plan items), whatever they were read from. Reads and writes no file.
"""
