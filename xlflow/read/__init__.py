"""`WorkbookData` -> `Submission`: what one form says, as typed answers, each with its cell.

`build_submission.read_form` is the entry: identify the form, split by unit, locate the table, match rows, parse
answers, collect what is unplaced. Reads what can be read and reports what it assumed; what it cannot place is kept
with its address, and nothing is dropped. Does not judge the answers (`check` does) and changes no file.
"""
