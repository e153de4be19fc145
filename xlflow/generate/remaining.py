"""`Kvar att göra`: what a row still lacks, in words, as a live formula and as the same words worked out here.

The rule for a status stands in `core/rollup.py`; the formula says the same over the texts of the sheet, since a
sort may move the rows. It asks for required fields; `check` finds the same rows wanting. Formulas use what Excel
2010, Excel on the web and LibreOffice know, and SUMPRODUCT over texts, which may be long and hold wildcards.
"""

from xlflow.core.layout import in_sentence
from xlflow.core.model import Line
from xlflow.core.rollup import is_missing
from xlflow.core.template import Field
from xlflow.core.words import say
from xlflow.generate.frame import Frame, quote

REMAINING = "remaining"


# The words, worked out here -------------------------------------------------------------------------------


def say_remaining(frame: Frame, line: Line) -> str:
    """Return what a row still lacks, as its formula says it; "" if nothing."""
    if not _is_named(frame, line):
        return _say_level(frame) if _is_answered(frame, line) else ""
    status = _status(frame)
    needs = (
        _say_status(frame, line, field) if field is status else _say_field(frame, line, field)
        for field in _required(frame)
    )
    return " ".join(filter(None, needs))


def count_done(frame: Frame) -> tuple[int, int]:
    """Return how many rows are done, and how many there are, as the counter says it."""
    lines = [line for line in (*frame.lines, *frame.own) if _is_named(frame, line) or _is_answered(frame, line)]
    done = [line for line in lines if not say_remaining(frame, line) and not _waits_for_activity(frame, line)]
    return len(done), len(lines)


def say_counter(frame: Frame) -> str:
    """Return "14 av 24 klara"."""
    done, total = count_done(frame)
    return say("form.counter", frame.language, done=done, total=total)


def is_complete(frame: Frame) -> bool:
    """Return whether no row lacks anything."""
    return not any(say_remaining(frame, line) for line in (*frame.lines, *frame.own))


def _say_field(frame: Frame, line: Line, field: Field) -> str:
    return "" if frame.answer(line, field.key).strip() else _sentence(frame, field)


def _say_status(frame: Frame, line: Line, field: Field) -> str:
    kin = frame.kin[line.id]
    above = None if kin.above is None else _has(frame, kin.above, field)
    below, beside = ([_has(frame, key, field) for key in keys] for keys in (kin.below, kin.beside))
    if not is_missing(_has(frame, line.id, field), above, below, beside):
        return ""
    return _sentence_or_parts(frame, field) if kin.below else _sentence(frame, field)


def _waits_for_activity(frame: Frame, line: Line) -> bool:
    """Whether a sub-activity lacks nothing only because its untouched activity is asked first: not yet done."""
    status, kin = _status(frame), frame.kin[line.id]
    if status is None or kin.above is None:
        return False
    return not any(_has(frame, key, status) for key in (line.id, kin.above, *kin.beside))


def _is_named(frame: Frame, line: Line) -> bool:
    return bool(line.levels[frame.template.item].strip())


def _is_answered(frame: Frame, line: Line) -> bool:
    """Whether a row of the unit's own says something, though perhaps not what it is about."""
    answers = (frame.answer(line, field.key) for field in frame.template.asked())
    part = "" if frame.template.part is None else line.levels[frame.template.part]
    return any(text.strip() for text in (part, *answers))


def _has(frame: Frame, line_id: str, field: Field) -> bool:
    return bool(frame.answers.get(line_id, {}).get(field.key, "").strip())


# The same as formulas -------------------------------------------------------------------------------------


def remaining_formula(frame: Frame, row: int, *, free: bool) -> str:
    """Return the formula of the live column in a row. Columns must be where `frame` says, rows may be anywhere."""
    status = _status(frame)
    needs = [
        _ask_status(frame, row, field) if field is status else _ask_field(frame, row, field)
        for field in _required(frame)
    ]
    asked = needs[0] if len(needs) == 1 else f"""TRIM({'&" "&'.join(needs) or '""'})"""
    if free:
        item = frame.template.levels[frame.template.item].key
        touched = f'IF({_answered(frame, row)},{quote(_say_level(frame))},"")'
        asked = f"IF({_blank(frame.cell(item, row))},{touched},{asked})"
    return f"=IFERROR({asked},{quote(say('form.look_over', frame.language))})"


def counter_formula(frame: Frame) -> str:
    """Return the formula of "14 av 24 klara"; it works on whole columns at once."""
    item = frame.template.levels[frame.template.item].key
    left = f"LEN({frame.span(REMAINING)})>0"
    used = f"(((LEN(TRIM({frame.span(item)}))>0)+({left}))>0)"
    done = f'{used}*({frame.span(REMAINING)}=""){_not_waiting(frame)}'
    words = say("form.counter", frame.language, done=f'"&SUM({done})&"', total=f'"&SUM(--{used})&"')
    return f'=IFERROR("{words}",{quote(say("form.look_over", frame.language))})'


def complete_formula(frame: Frame, sheet: str) -> str:
    """Return a formula (without its =) for another sheet: whether no row lacks anything."""
    return f"SUMPRODUCT(--(LEN({sheet}{frame.span(REMAINING)})>0))=0"


def _answered(frame: Frame, row: int) -> str:
    keys = [level.key for level in frame.template.levels if level.kind == "part"]
    keys += [field.key for field in frame.template.asked()]
    return f"{'+'.join(f'LEN(TRIM({frame.cell(key, row)}))' for key in keys)}>0"


def _ask_field(frame: Frame, row: int, field: Field) -> str:
    return f'IF({_blank(frame.cell(field.key, row))},{quote(_sentence(frame, field))},"")'


def _ask_status(frame: Frame, row: int, field: Field) -> str:
    """As `rollup.is_missing` says it: P are sub-activities, S has a status, both within the row's family."""
    part = frame.template.levels[frame.template.part or 0].key
    family = "*".join(f"({frame.span(key)}={frame.cell(key, row)})" for key in _family_keys(frame))
    is_part, has = f"(LEN(TRIM({frame.span(part)}))>0)", f"(LEN(TRIM({frame.span(field.key)}))>0)"
    one, either = quote(_sentence(frame, field)), quote(_sentence_or_parts(frame, field))
    parts, parts_done = f"SUMPRODUCT({family}*{is_part})", f"SUMPRODUCT({family}*{is_part}*{has})"
    items, items_done = f"SUMPRODUCT({family}*(1-{is_part}))", f"SUMPRODUCT({family}*(1-{is_part})*{has})"
    of_item = f'IF({parts_done}>0,"",IF({parts}>0,{either},{one}))'
    of_part = f'IF({items}=0,{one},IF({items_done}>0,"",IF({parts_done}>0,{one},"")))'
    branch = f"IF({_blank(frame.cell(part, row))},{of_item},{of_part})"
    return f'IF({_blank(frame.cell(field.key, row))},{branch},"")'


def _not_waiting(frame: Frame) -> str:
    """Leave out the sub-activities of untouched activities (in whose family an activity but no status stands)."""
    status = _status(frame)
    if status is None:
        return ""
    part = frame.span(frame.template.levels[frame.template.part or 0].key)
    is_part, has = f"(LEN(TRIM({part}))>0)", f"(LEN(TRIM({frame.span(status.key)}))>0)"
    family = "*".join(f"({frame.span(key)}=TRANSPOSE({frame.span(key)}))" for key in _family_keys(frame))
    return f"*(1-{is_part}*(MMULT({family}*1,{has}*1000000-(1-{is_part}))<0))"


# What both speak of ---------------------------------------------------------------------------------------


def _required(frame: Frame) -> tuple[Field, ...]:
    return tuple(field for field in frame.template.asked() if field.required)


def _status(frame: Frame) -> Field | None:
    """Return the status field if an activity and its sub-activities can answer for each other."""
    status = frame.template.field_in_role("status")
    return status if status and status.required and frame.template.part is not None else None


def _family_keys(frame: Frame) -> list[str]:
    """Return the levels whose texts an activity shares with its sub-activities, the most telling one first."""
    keys = [level.key for level in frame.template.levels if level.kind != "part"]
    return keys[::-1]


def _sentence(frame: Frame, field: Field) -> str:
    key = "form.choose" if field.type in ("choice", "yes_no") else "form.fill"
    return say(key, frame.language, field=in_sentence(field.label, frame.language))


def _sentence_or_parts(frame: Frame, field: Field) -> str:
    part = frame.template.levels[frame.template.part or 0]
    words = {"field": in_sentence(field.label, frame.language), "part": in_sentence(part.label, frame.language)}
    return say("form.choose_or_parts", frame.language, **words)


def _say_level(frame: Frame) -> str:
    item = frame.template.levels[frame.template.item]
    return say("form.fill_level", frame.language, level=item.label.say(frame.language))


def _blank(cell: str) -> str:
    return f'TRIM({cell})=""'
