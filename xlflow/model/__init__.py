"""What was asked and what came back, as frozen values. Knows no file format and decides nothing.

Asked: `Round` = `Template` + items and units of the plan + as-of date. Came back: `ReceivedFile` (a file),
`Submission` (the content of one form), `Merged` (everything, with its accounts), `RunResult` (what a command
returns).
"""
