"""Template and plan workbook -> `Round`: what is asked of whom. Reads no answers and writes no file.

A template is given by its name or path; a plan as `WorkbookData` that the caller has opened. Every fault of a
definition is reported at once, in one `FatalError`.
"""
