"""The instruction sheet: what is asked, as of when and by when, how it is done, and how far one has come."""

from collections.abc import Iterator

from xlflow.excel.writer import SheetWriter, WorkbookWriter, fit_row_height, quote_formula_text
from xlflow.form.layout import COUNTER_ROW, build_previous_column
from xlflow.generate.answer_cells import count_invalid_answers, count_invalid_formula
from xlflow.generate.calc_layout import NOTHING_TO_REPORT_NAME, YES_CHOICE_NAME, calc_defined_name
from xlflow.generate.form_model import FormModel, memoize_by_layout
from xlflow.generate.remaining_column import (
    answered_count_formula,
    counter_text,
    remaining_count_formula,
    remaining_text,
)
from xlflow.i18n.catalogue import format_long_date, translate, translate_all

INSTRUCTION_WIDTHS = (25.0, 86.0)
"""A column of names and one of texts: together the width of a page."""


class _InstructionWriter:
    """Writes the sheet downwards, one row after the other."""

    def __init__(self, workbook: WorkbookWriter, sheet: SheetWriter):
        self.workbook = workbook
        self.sheet = sheet
        self.row = 0

    def write_title(self, text: str) -> None:
        self.sheet.write(self.row, 0, text, self.workbook.style("title"))
        self._finish_row(27)

    def write_section(self, text: str) -> None:
        self._finish_row(12)
        self.sheet.write(self.row, 0, text, self.workbook.style("subtitle"))
        self._finish_row(21)

    def write_pair(
        self, name: str, text: str, style: str = "wrapped", name_style: str = "label", **style_overrides: str
    ) -> None:
        self.sheet.write(self.row, 0, name, self.workbook.style(name_style, **style_overrides))
        self.sheet.write(self.row, 1, text, self.workbook.style(style))
        self._finish_row(fit_row_height([(name, INSTRUCTION_WIDTHS[0]), (text, INSTRUCTION_WIDTHS[1])]) + 3)

    def write_formula(self, name: str, formula: str, cached_value: str | int, style: str) -> None:
        self.sheet.write(self.row, 0, name, self.workbook.style("label"))
        self.sheet.write_formula(self.row, 1, formula, cached_value, self.workbook.style(style))
        self._finish_row(21)

    def write_choice_cell(self, name: str, value: str, list_source: str, note: dict[str, str]) -> str:
        """Write a cell in which something may be chosen, and return its address."""
        cell_range = (self.row, 1, self.row, 1)
        self.sheet.write(self.row, 0, name, self.workbook.style("label"))
        self.sheet.write(self.row, 1, value, self.workbook.style("input"))
        self.sheet.add_validation(cell_range, {"validate": "list", "source": f"={list_source}", **note})
        self._finish_row(21)
        return f"$B${self.row}"

    def write_link(self, name: str, target: str, text: str) -> None:
        self.sheet.write(self.row, 0, name, self.workbook.style("bullet"))
        self.sheet.write_link(self.row, 1, target, text)
        self._finish_row(fit_row_height([(text, INSTRUCTION_WIDTHS[1])]) + 3)

    def _finish_row(self, height: float) -> None:
        self.sheet.set_row_height(self.row, height)
        self.row += 1


def add_instruction_sheet(workbook: WorkbookWriter, form: FormModel) -> str:
    """Add the sheet on which the workbook opens; return the cell where the unit may have nothing to report."""
    sheet_name = translate("sheet.guide", form.language)
    sheet = workbook.add_sheet(sheet_name)
    sheet.set_column_widths(INSTRUCTION_WIDTHS)
    writer = _InstructionWriter(workbook, sheet)
    nothing_cell = _write_facts(writer, form)
    _write_steps(writer, form)
    _write_explanations(writer, form)
    writer.write_section(translate("guide.good", form.language))
    for key in ("good_locked", "good_red", "good_paste", "good_save"):
        writer.write_pair("•", translate(f"guide.{key}", form.language), name_style="bullet")
    sheet.hide_gridlines()
    if form.correction_request is None:
        sheet.activate()
    sheet.set_page_layout(portrait=True, printed_columns=2, footer=f"{form.form_code}    &P (&N)")
    sheet.protect(allow_filtering=False)
    return f"'{sheet_name}'!{nothing_cell}"


def _write_facts(writer: _InstructionWriter, form: FormModel) -> str:
    language, round_ = form.language, form.round
    day = format_long_date(round_.as_of, language)
    writer.write_title(
        translate("guide.title", language, title=form.template.title.in_language(language), day=day)
    )
    writer.write_pair("", translate("guide.intro", language, unit=form.unit, plan=round_.plan.title, day=day))
    for name, text in _list_facts(form):
        writer.write_pair(
            translate(f"guide.{name}", language), text, "strong" if name in ("unit", "due") else "wrapped"
        )
    nothing_cell = _write_nothing_to_report(writer, form)
    if form.correction_request:
        name = translate("sheet.correct", language)
        writer.write_link("!", f"internal:'{name}'!A1", translate("guide.returned", language, sheet=name))
    sheet_prefix = f"'{form.sheet_name}'!"
    writer.write_formula(
        translate("guide.progress", language), f"={sheet_prefix}A{COUNTER_ROW + 1}", counter_text(form), "progress"
    )
    writer.write_formula("", _advice_formula(form, sheet_prefix), _advice_text(form), "strong")
    return nothing_cell


def _write_nothing_to_report(writer: _InstructionWriter, form: FormModel) -> str:
    """Write the cell in which the unit may say that it has nothing to report; return its address, which stays
    the same when the form goes back to be corrected."""
    language = form.language
    label, help_text = translate("nothing.label", language), translate("nothing.help", language)
    note = {
        "error_title": translate("form.not_listed", language),
        "error_message": translate("nothing.error", language),
        "input_title": label,
        "input_message": help_text,
    }
    value = translate("values.yes", language) if form.nothing_to_report else ""
    cell = writer.write_choice_cell(label, value, calc_defined_name(YES_CHOICE_NAME), note)
    writer.write_pair("", help_text, "label")
    return cell


@memoize_by_layout
def _advice_formula(form: FormModel, sheet_prefix: str) -> str:
    """Return the formula of the sentence below the counter: what is left, or that the form can be sent."""
    language, invalid_count, remaining_count = (
        form.language,
        count_invalid_formula(form, sheet_prefix),
        remaining_count_formula(form, sheet_prefix),
    )
    says_nothing, answered_count = (
        calc_defined_name(NOTHING_TO_REPORT_NAME),
        answered_count_formula(form, sheet_prefix),
    )
    literals = {
        key: quote_formula_text(translate(key, language))
        for key in ("guide.ready", "nothing.ready", "nothing.contradiction")
    }
    nothing_advice = f"IF({answered_count}>0,{literals['nothing.contradiction']},{literals['nothing.ready']})"
    invalid_sentence = translate("guide.red", language, count=f'"&({invalid_count})&"')
    remaining_sentence = translate(
        "guide.left", language, count=f'"&{remaining_count}&"', remaining=_remaining_column_heading(form)
    )
    sentences = (
        f'TRIM(IF(({invalid_count})>0,"{invalid_sentence} ","")&IF({remaining_count}>0,"{remaining_sentence}",""))'
    )
    return (
        f"=IFERROR(IF({says_nothing},{nothing_advice},IF(({invalid_count})+{remaining_count}"
        f'>0,{sentences},{literals["guide.ready"]})),"")'
    )


def _advice_text(form: FormModel) -> str:
    language, invalid_count = form.language, count_invalid_answers(form)
    remaining_count = sum(bool(remaining_text(form, item)) for item in (*form.items, *form.added_items))
    if form.nothing_to_report:
        return translate("nothing.contradiction" if any(form.answers.values()) else "nothing.ready", language)
    sentences = [translate("guide.red", language, count=invalid_count)] if invalid_count else []
    sentences += (
        [translate("guide.left", language, count=remaining_count, remaining=_remaining_column_heading(form))]
        if remaining_count
        else []
    )
    return " ".join(sentences) or translate("guide.ready", language)


def _remaining_column_heading(form: FormModel) -> str:
    return translate_all("column.remaining").in_language(form.language)


def _list_facts(form: FormModel) -> Iterator[tuple[str, str]]:
    round_, language = form.round, form.language
    yield "unit", form.unit
    yield "as_of", format_long_date(round_.as_of, language)
    if round_.due_date:
        yield "due", format_long_date(round_.due_date, language)
    contact = next((unit for unit in round_.plan.units if unit.name == form.unit), None)
    contact_text = ", ".join(filter(None, (contact.contact, contact.email))) if contact else ""
    if contact_text:
        yield "contact", contact_text
    yield "code", form.form_code


def _write_steps(writer: _InstructionWriter, form: FormModel) -> None:
    writer.write_section(translate("guide.steps", form.language))
    for number, sentence in enumerate(_list_step_sentences(form), 1):
        if number == 1:
            writer.write_link(f"{number}.", f"internal:'{form.sheet_name}'!A1", sentence)
        else:
            writer.write_pair(f"{number}.", sentence, name_style="bullet")


def _list_step_sentences(form: FormModel) -> Iterator[str]:
    language, template = form.language, form.template
    yield translate("guide.step_open", language, sheet=form.sheet_name)
    for key, required in (("step_required", True), ("step_optional", False)):
        fields = [
            field.label.in_language(language) for field in template.answer_fields() if field.required is required
        ]
        if fields:
            yield translate(f"guide.{key}", language, fields=", ".join(fields))
    if template.part_level_index is not None and any(relatives.children for relatives in form.relatives.values()):
        yield translate(
            "guide.step_parts",
            language,
            part=template.levels[template.part_level_index].label.in_language(language),
        )
    yield translate(
        "guide.step_remaining", language, remaining=translate_all("column.remaining").in_language(language)
    )
    if form.previous:
        day = form.previous.as_of and format_long_date(form.previous.as_of, language)
        params = {"previous": build_previous_column().heading(language), "day": day}
        yield translate("guide.step_previous_of" if day else "guide.step_previous", language, **params)
    yield translate("guide.step_own", language)
    if any(item.continues_from for item in form.added_items):
        yield translate("guide.step_carried", language)
    if form.round.due_date:
        yield translate("guide.step_send_by", language, due=format_long_date(form.round.due_date, language))
    else:
        yield translate("guide.step_send", language)


def _write_explanations(writer: _InstructionWriter, form: FormModel) -> None:
    language = form.language
    writer.write_section(translate("guide.columns", language))
    for field in form.template.form_fields():
        if field.filled_by == "plan":
            continue
        writer.write_pair(
            field.label.in_language(language), field.help.in_language(language) if field.help else ""
        )
    for field in form.template.answer_fields():
        if field.type == "choice" and any(option.help for option in form.template.choice_list(field).options):
            writer.write_section(translate("guide.choices", language, field=field.label.in_language(language)))
            for choice in form.template.choice_list(field).options:
                meaning = choice.help.in_language(language) if choice.help else ""
                writer.write_pair(
                    choice.label.in_language(language), meaning, "bordered", "bordered", bg_color=choice.colour
                )
