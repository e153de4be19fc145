"""What the program runs on: processes, cache, JSON codec, file locks, whole files, resources. Knows no
workbook.
"""
