"""The house style: font, colours, and the styles that sheets ask for by name. Data only."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

FONT = "Calibri"
COLOURS = MappingProxyType(
    {
        "ink": "#1F2933",
        "quiet": "#52606D",
        "faint": "#6B7683",
        "rule": "#CBD2D9",
        "head": "#1F4E5F",
        "on_head": "#FFFFFF",
        "band": "#EEF3F5",
        "ask": "#FFF9E3",
        "ask_rule": "#D9BC63",
        "ask_head": "#F5D76E",
        "left": "#FCEBB3",
        "wrong": "#9B1C1C",
        "wrong_fill": "#FDE8E8",
        "good": "#14532D",
        "good_fill": "#E3F4E8",
    }
)
"""The house colours; every pair of ink and fill that is used has a contrast of at least 4.5."""

STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "plain": {},
        "title": {"bold": True, "font_size": 16, "font_color": COLOURS["head"], "valign": "vcenter"},
        "subtitle": {"bold": True, "font_size": 12, "font_color": COLOURS["head"], "valign": "vcenter"},
        "quiet": {"font_color": COLOURS["quiet"]},
        "wrapped": {"text_wrap": True, "valign": "top"},
        "strong": {"bold": True, "text_wrap": True, "valign": "top"},
        "name": {"text_wrap": True, "valign": "top", "font_color": COLOURS["quiet"]},
        "mark": {"align": "right", "valign": "top", "font_color": COLOURS["quiet"], "indent": 1},
        "named": {"text_wrap": True, "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "aside": {"bold": True, "font_color": COLOURS["head"], "valign": "vcenter", "indent": 1},
        "progress": {"bold": True, "font_size": 14, "font_color": COLOURS["head"], "valign": "vcenter"},
        "filled": {},
        "left": {"bg_color": COLOURS["left"]},
        "heading": {
            "bold": True,
            "font_color": COLOURS["on_head"],
            "bg_color": COLOURS["head"],
            "text_wrap": True,
            "valign": "vcenter",
            "border": 1,
            "border_color": COLOURS["rule"],
        },
        "cell": {"text_wrap": True, "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "ruled": {
            "valign": "top",
            "top": 1,
            "bottom": 1,
            "top_color": COLOURS["rule"],
            "bottom_color": COLOURS["rule"],
            "left_color": COLOURS["rule"],
        },
        "cell_quiet": {
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
            "font_color": COLOURS["quiet"],
        },
        "ask": {
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["ask_rule"],
            "bg_color": COLOURS["ask"],
            "locked": False,
        },
        "ask_heading": {
            "bold": True,
            "font_color": COLOURS["ink"],
            "bg_color": COLOURS["ask_head"],
            "text_wrap": True,
            "valign": "vcenter",
            "border": 1,
            "border_color": COLOURS["ask_rule"],
        },
        "band": {"bold": True, "font_color": COLOURS["head"], "bg_color": COLOURS["band"], "valign": "vcenter"},
        "repeated": {
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
            "font_color": COLOURS["faint"],
            "font_size": 9,
        },
        "integer": {"num_format": "#,##0", "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "number": {"num_format": "#,##0.00", "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "signed": {
            "num_format": '#,##0.00;"▼ "-#,##0.00;0.00',
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
        },
        "signed_share": {
            "num_format": '0.0 %;"▼ "-0.0 %;0.0 %',
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
        },
        "share": {"num_format": "0 %", "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "date": {
            "num_format": "yyyy-mm-dd",
            "align": "left",
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
        },
        "wrong_answer": {
            "font_color": COLOURS["wrong"],
            "bg_color": COLOURS["wrong_fill"],
            "bold": True,
            "num_format": '"! "General;"! "-General;"! "General;"! "@',
        },
        "wrong": {"font_color": COLOURS["wrong"], "bg_color": COLOURS["wrong_fill"], "bold": True},
        "good": {"font_color": COLOURS["good"], "bg_color": COLOURS["good_fill"]},
        "code": {"font_color": COLOURS["quiet"], "font_size": 8},
        "link": {"font_color": "#0B5394", "underline": 1, "text_wrap": True, "valign": "top"},
    }
)
"""The house styles by name; a sheet may ask for one with a few properties changed."""
