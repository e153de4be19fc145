"""What was asked and what came back, as frozen values. Knows no file format and decides nothing.

Asked: `Round` = `Template` + the lines and units of the plan + as-of date. Came back: `ReceivedFile` (a file),
`Submission` (what one form says), `Merged` (everything, with its accounts), `RunResult` (what a command hands
back).
"""
