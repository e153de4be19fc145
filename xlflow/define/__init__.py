"""Template and plan workbook -> `Round`: what is asked of whom. Reads no answers and writes no file.

A template comes by its name or path; a plan comes as a `Book` that somebody else has opened. Whatever is wrong
with the definition is told at once, all of it, in one `Stop`.
"""

from xlflow.define.guess import detect_language, infer_round
from xlflow.define.plan import define_round, read_plan
from xlflow.define.templates import load_shipped_templates, load_template, shipped_template_names

__all__ = [
    "define_round",
    "detect_language",
    "infer_round",
    "load_shipped_templates",
    "load_template",
    "read_plan",
    "shipped_template_names",
]
