"""Which files there are, and which submissions count.

`discover` finds files in folders and archives; `select` decides between the submissions that were read from them.
"""
