"""Received -> Filled: what one form says, typed, every answer with its cell.

Reads what can be read and says what it assumed; what it cannot place is set aside with its address, and nothing
is dropped. Does not judge the answers (`check` does) and changes no file.
"""
