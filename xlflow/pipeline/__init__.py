"""The only place that knows the order of the steps: every command of `cli` is one call of a function in here.

`form_operations` and `report_operations` hold these functions; the other modules are their parts. Writes no text
to the terminal: results, findings and notes are returned.
"""
