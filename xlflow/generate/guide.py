"""The instruction sheet: what is asked, as of when and by when, how it is done, and how far one has come."""

from collections.abc import Iterator

from xlflow.core.layout import COUNTER_ROW, previous_column
from xlflow.core.words import format_day, say, say_both
from xlflow.excel.outgoing import Book, Sheet, height_of
from xlflow.generate.alike import once_alike
from xlflow.generate.answers import count_red, red_count_formula
from xlflow.generate.frame import Frame, quote
from xlflow.generate.live import NOTHING, YES, table_name
from xlflow.generate.remaining import count_left, count_told, say_counter, say_remaining

WIDTHS = (25.0, 86.0)
"""A column of names and one of texts: together the width of a page."""


class _Pen:
    """Writes the sheet downwards, one row after the other."""

    def __init__(self, book: Book, sheet: Sheet):
        self.book = book
        self.sheet = sheet
        self.row = 0

    def title(self, text: str) -> None:
        self.sheet.write(self.row, 0, text, self.book.style("title"))
        self._next(27)

    def section(self, text: str) -> None:
        self._next(12)
        self.sheet.write(self.row, 0, text, self.book.style("subtitle"))
        self._next(21)

    def pair(self, name: str, text: str, style: str = "wrapped", name_style: str = "name", **changes: str) -> None:
        self.sheet.write(self.row, 0, name, self.book.style(name_style, **changes))
        self.sheet.write(self.row, 1, text, self.book.style(style))
        self._next(height_of([(name, WIDTHS[0]), (text, WIDTHS[1])]) + 3)

    def live(self, name: str, formula: str, shown: str | int, style: str) -> None:
        self.sheet.write(self.row, 0, name, self.book.style("name"))
        self.sheet.write_formula(self.row, 1, formula, shown, self.book.style(style))
        self._next(21)

    def choose(self, name: str, shown: str, source: str, note: dict[str, str]) -> str:
        """Write a cell in which something may be chosen, and return its address."""
        at = (self.row, 1, self.row, 1)
        self.sheet.write(self.row, 0, name, self.book.style("name"))
        self.sheet.write(self.row, 1, shown, self.book.style("ask"))
        self.sheet.validate(at, {"validate": "list", "source": f"={source}", **note})
        self._next(21)
        return f"$B${self.row}"

    def link(self, name: str, place: str, text: str) -> None:
        self.sheet.write(self.row, 0, name, self.book.style("mark"))
        self.sheet.link(self.row, 1, place, text)
        self._next(height_of([(text, WIDTHS[1])]) + 3)

    def _next(self, height: float) -> None:
        self.sheet.set_height(self.row, height)
        self.row += 1


def add_guide_sheet(book: Book, frame: Frame) -> str:
    """Add the sheet on which the workbook opens; return the cell where the unit may have nothing to report."""
    name = say("sheet.guide", frame.language)
    sheet = book.add_sheet(name)
    sheet.set_widths(WIDTHS)
    pen = _Pen(book, sheet)
    nothing = _write_facts(pen, frame)
    _write_steps(pen, frame)
    _write_meanings(pen, frame)
    pen.section(say("guide.good", frame.language))
    for key in ("good_locked", "good_red", "good_paste", "good_save"):
        pen.pair("•", say(f"guide.{key}", frame.language), name_style="mark")
    sheet.hide_lines()
    if frame.returned is None:
        sheet.open_here()
    sheet.set_page(portrait=True, columns=2, footer=f"{frame.form_code}    &P (&N)")
    sheet.protect(filtering=False)
    return f"'{name}'!{nothing}"


def _write_facts(pen: _Pen, frame: Frame) -> str:
    language, round_ = frame.language, frame.round
    day = format_day(round_.as_of, language)
    pen.title(say("guide.title", language, title=frame.template.title.say(language), day=day))
    pen.pair("", say("guide.intro", language, unit=frame.unit, plan=round_.plan.title, day=day))
    for name, text in _list_facts(frame):
        pen.pair(say(f"guide.{name}", language), text, "strong" if name in ("unit", "due") else "wrapped")
    nothing = _write_nothing(pen, frame)
    if frame.returned:
        name = say("sheet.correct", language)
        pen.link("!", f"internal:'{name}'!A1", say("guide.returned", language, sheet=name))
    sheet = f"'{frame.sheet}'!"
    pen.live(say("guide.progress", language), f"={sheet}A{COUNTER_ROW + 1}", say_counter(frame), "progress")
    pen.live("", _advice_formula(frame, sheet), _say_advice(frame), "strong")
    return nothing


def _write_nothing(pen: _Pen, frame: Frame) -> str:
    """Write the cell in which the unit may say that it has nothing to report; return its address, which stays
    the same when the form goes back to be corrected."""
    language = frame.language
    label, help_ = say("nothing.label", language), say("nothing.help", language)
    note = {
        "error_title": say("form.not_listed", language),
        "error_message": say("nothing.error", language),
        "input_title": label,
        "input_message": help_,
    }
    shown = say("values.yes", language) if frame.nothing else ""
    cell = pen.choose(label, shown, table_name(YES), note)
    pen.pair("", help_, "name")
    return cell


@once_alike
def _advice_formula(frame: Frame, sheet: str) -> str:
    """Return the formula of the sentence below the counter: what is left, or that the form can be sent."""
    language, red, left = frame.language, red_count_formula(frame, sheet), count_left(frame, sheet)
    nothing, told = table_name(NOTHING), count_told(frame, sheet)
    quoted = {key: quote(say(key, language)) for key in ("guide.ready", "nothing.ready", "nothing.contradiction")}
    silent = f"IF({told}>0,{quoted['nothing.contradiction']},{quoted['nothing.ready']})"
    correct = say("guide.red", language, count=f'"&({red})&"')
    rows = say("guide.left", language, count=f'"&{left}&"', remaining=_say_column(frame))
    both = f'TRIM(IF(({red})>0,"{correct} ","")&IF({left}>0,"{rows}",""))'
    return f'=IFERROR(IF({nothing},{silent},IF(({red})+{left}>0,{both},{quoted["guide.ready"]})),"")'


def _say_advice(frame: Frame) -> str:
    language, red = frame.language, count_red(frame)
    left = sum(bool(say_remaining(frame, line)) for line in (*frame.lines, *frame.own))
    if frame.nothing:
        return say("nothing.contradiction" if any(frame.answers.values()) else "nothing.ready", language)
    told = [say("guide.red", language, count=red)] if red else []
    told += [say("guide.left", language, count=left, remaining=_say_column(frame))] if left else []
    return " ".join(told) or say("guide.ready", language)


def _say_column(frame: Frame) -> str:
    return say_both("column.remaining").say(frame.language)


def _list_facts(frame: Frame) -> Iterator[tuple[str, str]]:
    round_, language = frame.round, frame.language
    yield "unit", frame.unit
    yield "as_of", format_day(round_.as_of, language)
    if round_.due:
        yield "due", format_day(round_.due, language)
    contact = next((unit for unit in round_.plan.units if unit.name == frame.unit), None)
    known = ", ".join(filter(None, (contact.contact, contact.email))) if contact else ""
    if known:
        yield "contact", known
    yield "code", frame.form_code


def _write_steps(pen: _Pen, frame: Frame) -> None:
    pen.section(say("guide.steps", frame.language))
    for number, sentence in enumerate(_list_steps(frame), 1):
        if number == 1:
            pen.link(f"{number}.", f"internal:'{frame.sheet}'!A1", sentence)
        else:
            pen.pair(f"{number}.", sentence, name_style="mark")


def _list_steps(frame: Frame) -> Iterator[str]:
    language, template = frame.language, frame.template
    yield say("guide.step_open", language, sheet=frame.sheet)
    for key, required in (("step_required", True), ("step_optional", False)):
        fields = [field.label.say(language) for field in template.asked() if field.required is required]
        if fields:
            yield say(f"guide.{key}", language, fields=", ".join(fields))
    if template.part is not None and any(kin.below for kin in frame.kin.values()):
        yield say("guide.step_parts", language, part=template.levels[template.part].label.say(language))
    yield say("guide.step_remaining", language, remaining=say_both("column.remaining").say(language))
    if frame.previous:
        day = frame.previous.as_of and format_day(frame.previous.as_of, language)
        words = {"previous": previous_column().heading(language), "day": day}
        yield say("guide.step_previous_of" if day else "guide.step_previous", language, **words)
    yield say("guide.step_own", language)
    if frame.round.due:
        yield say("guide.step_send_by", language, due=format_day(frame.round.due, language))
    else:
        yield say("guide.step_send", language)


def _write_meanings(pen: _Pen, frame: Frame) -> None:
    language = frame.language
    pen.section(say("guide.columns", language))
    for field in frame.template.shown():
        if field.filled_by == "plan":
            continue
        pen.pair(field.label.say(language), field.help.say(language) if field.help else "")
    for field in frame.template.asked():
        if field.type == "choice" and any(option.help for option in frame.template.choice_list(field).options):
            pen.section(say("guide.choices", language, field=field.label.say(language)))
            for option in frame.template.choice_list(field).options:
                meaning = option.help.say(language) if option.help else ""
                pen.pair(option.label.say(language), meaning, "named", "named", bg_color=option.colour)
