"""The command line: commands, options, and everything that is printed to the terminal, as text or JSON.

No logic: a command is one call of `pipeline`, and its result is formatted here. Modules other than `commands`,
`console` and `options` are imported only when used, so that `--help` loads click and little else.
"""
