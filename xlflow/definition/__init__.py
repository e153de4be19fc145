"""Template and plan workbook -> `Round`: what is asked of whom. Reads no answers and writes no file.

A template comes by its name or path; a plan comes as a `Book` that somebody else has opened. Whatever is wrong
with the definition is told at once, all of it, in one `FatalError`.
"""
