"""What was asked and what came back, as frozen values. Knows no file format and decides nothing.

Asked: `Round` = `Template` + the lines and units of the plan + as-of date. Came back: `Received` (a file),
`Filled` (what one form says), `Merged` (everything, with its accounts), `Run` (what a command hands back).
"""
