"""The house style: font, colours, and the styles that sheets ask for by name. Data only.

A style is a set of XlsxWriter format properties; `WorkbookBase.style` adds font, size and colour of text.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FONT = "Calibri"
COLOURS = MappingProxyType(
    {
        "text": "#1F2933",
        "muted": "#52606D",
        "faint": "#6B7683",
        "border": "#CBD2D9",
        "heading": "#1F4E5F",
        "heading_text": "#FFFFFF",
        "band": "#EEF3F5",
        "input": "#FFF9E3",
        "input_border": "#D9BC63",
        "input_heading": "#F5D76E",
        "incomplete": "#FCEBB3",
        "wrong": "#9B1C1C",
        "wrong_fill": "#FDE8E8",
        "good": "#14532D",
        "good_fill": "#E3F4E8",
    }
)
"""The house colours; every pair of text and fill that is used has a contrast of at least 4.5 to 1 (WCAG 2.1
AA)."""

STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "plain": {},
        "title": {"bold": True, "font_size": 16, "font_color": COLOURS["heading"], "valign": "vcenter"},
        "subtitle": {"bold": True, "font_size": 12, "font_color": COLOURS["heading"], "valign": "vcenter"},
        "muted": {"font_color": COLOURS["muted"]},
        "wrapped": {"text_wrap": True, "valign": "top"},
        "strong": {"bold": True, "text_wrap": True, "valign": "top"},
        "label": {"text_wrap": True, "valign": "top", "font_color": COLOURS["muted"]},
        "bullet": {"align": "right", "valign": "top", "font_color": COLOURS["muted"], "indent": 1},
        "bordered": {"text_wrap": True, "valign": "top", "border": 1, "border_color": COLOURS["border"]},
        "side_heading": {"bold": True, "font_color": COLOURS["heading"], "valign": "vcenter", "indent": 1},
        "progress": {"bold": True, "font_size": 14, "font_color": COLOURS["heading"], "valign": "vcenter"},
        "no_fill": {},
        "incomplete": {"bg_color": COLOURS["incomplete"]},
        "heading": {
            "bold": True,
            "font_color": COLOURS["heading_text"],
            "bg_color": COLOURS["heading"],
            "text_wrap": True,
            "valign": "vcenter",
            "border": 1,
            "border_color": COLOURS["border"],
        },
        "cell": {"text_wrap": True, "valign": "top", "border": 1, "border_color": COLOURS["border"]},
        "ruled": {
            "valign": "top",
            "top": 1,
            "bottom": 1,
            "top_color": COLOURS["border"],
            "bottom_color": COLOURS["border"],
            "left_color": COLOURS["border"],
        },
        "cell_muted": {
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["border"],
            "font_color": COLOURS["muted"],
        },
        "input": {
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["input_border"],
            "bg_color": COLOURS["input"],
            "locked": False,
        },
        "input_heading": {
            "bold": True,
            "font_color": COLOURS["text"],
            "bg_color": COLOURS["input_heading"],
            "text_wrap": True,
            "valign": "vcenter",
            "border": 1,
            "border_color": COLOURS["input_border"],
        },
        "band": {"bold": True, "font_color": COLOURS["heading"], "bg_color": COLOURS["band"], "valign": "vcenter"},
        "repeated": {
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["border"],
            "font_color": COLOURS["faint"],
            "font_size": 9,
        },
        "integer": {"num_format": "#,##0", "valign": "top", "border": 1, "border_color": COLOURS["border"]},
        "number": {"num_format": "#,##0.00", "valign": "top", "border": 1, "border_color": COLOURS["border"]},
        "signed": {
            "num_format": '#,##0.00;"▼ "-#,##0.00;0.00',
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["border"],
        },
        "signed_share": {
            "num_format": '0.0 %;"▼ "-0.0 %;0.0 %',
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["border"],
        },
        "share": {"num_format": "0 %", "valign": "top", "border": 1, "border_color": COLOURS["border"]},
        "date": {
            "num_format": "yyyy-mm-dd",
            "align": "left",
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["border"],
        },
        "wrong_answer": {
            "font_color": COLOURS["wrong"],
            "bg_color": COLOURS["wrong_fill"],
            "bold": True,
            "num_format": '"! "General;"! "-General;"! "General;"! "@',
        },
        "wrong": {"font_color": COLOURS["wrong"], "bg_color": COLOURS["wrong_fill"], "bold": True},
        "good": {"font_color": COLOURS["good"], "bg_color": COLOURS["good_fill"]},
        "code": {"font_color": COLOURS["muted"], "font_size": 8},
        "link": {"font_color": "#0B5394", "underline": 1, "text_wrap": True, "valign": "top"},
    }
)
"""The house styles by name; a sheet may ask for one with some properties changed. `input` is a cell to fill in,
`input_heading` its heading, `incomplete` one that is not answered yet, `ruled` a row of figures without borders
between."""
