"""Answers carried over into a form of today: back to the unit that gave them, from last round, from an older form.

Works out what stands in which cell and what is said beside it; writes no file and reads none. What a person wrote
is carried as it was written, and what finds no place is carried as text.
"""
