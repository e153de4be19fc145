"""What people and programs do to a form, on the sheet as a grid of cells; chance says what, where and how often.

Each is a function of a `FormContext`; `DAMAGES` are all. None knows what the reader makes of it.
"""

import unicodedata
from collections.abc import Callable, Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from support.form_grid import RECORDS, FormGrid, GridRow, find_words_in_value, write_added_activity

_PLAIN = str.maketrans("åäöÅÄÖ", "aaoAAO")

# Rows -----------------------------------------------------------------------------------------------------


def insert_rows(form: FormGrid) -> None:
    for _ in range(form.rng.randint(1, 3)):
        at = form.rng.randint(4, len(form.rows))
        form.rows.insert(at, GridRow("blank", [None] * form.width))


def delete_row(form: FormGrid) -> None:
    if len(form.rows_of_kind("line")) > 2:
        form.rows.remove(form.rng.choice(form.rows_of_kind("line", "blank", "free")))


def sort_rows(form: FormGrid) -> None:
    body = form.rows[4:]
    form.rng.shuffle(body)
    form.rows[4:] = body


def sort_visible(form: FormGrid) -> None:
    """Sort all but the ids, which so end up on other rows."""
    lines, ids = form.rows_of_kind("line"), form.column_index("id")
    cells, names = [line.cells for line in lines], [line.name for line in lines]
    order = list(range(len(lines)))
    form.rng.shuffle(order)
    kept = [None if ids is None else line.cells[ids] for line in lines]
    for line, source, row_id in zip(lines, order, kept, strict=True):
        line.cells, line.name = list(cells[source]), names[source]
        form.set_cell(line, "id", row_id)


def blank_ids(form: FormGrid) -> None:
    for line in form.rows_of_kind("line"):
        if form.rng.random() < 0.6:
            form.set_cell(line, "id", None)


def decompose(form: FormGrid) -> None:
    for line in form.rows[3:]:
        line.cells = [unicodedata.normalize("NFD", cell) if _is_text(cell) else cell for cell in line.cells]


def add_spaces(form: FormGrid) -> None:
    """Put no-break spaces, blanks and capitals into the issued texts, as pasting through other programs does."""
    for line in form.rows_of_kind("line"):
        for key in form.sample.levels:
            place = form.column_index(key)
            if place is not None and _is_text(line.cells[place]):
                line.cells[place] = f" {line.cells[place].replace(' ', chr(0xA0))} "


def paste_row_of_another(form: FormGrid) -> None:
    line = GridRow("strange", [None] * form.width)
    for key, text in form.sample.foreign_row.items():
        form.set_cell(line, key, text)
    form.set_cell(line, "comment", form.writer.next_text())
    form.rows.insert(form.rng.randint(4, len(form.rows)), line)


def repeat_row(form: FormGrid) -> None:
    """Copy a row and write something else into the copy."""
    form.rows.insert(form.rng.randint(4, len(form.rows)), _copy_row(form))


def repeat_row_below(form: FormGrid) -> None:
    """Copy rows to below the table, as those do who would rather answer twice than write over."""
    form.rows.append(GridRow("blank", [None] * form.width))
    form.rows += [_copy_row(form), _copy_row(form)]


def _copy_row(form: FormGrid) -> GridRow:
    source = form.rng.choice(form.rows_of_kind("line"))
    copy = GridRow("strange", list(source.cells))
    for key in form.rng.sample((form.sample.issued_columns[0], *form.sample.answer_columns), 2):
        form.set_cell(copy, key, form.make_entry(key))
    for key in form.rng.sample(form.sample.answer_columns, 2):
        form.set_cell(copy, key, None)
    return copy


def copy_over(form: FormGrid) -> None:
    """Copy a row over another."""
    if len(form.rows_of_kind("line")) > 2:
        source, target = form.rng.sample(form.rows_of_kind("line"), 2)
        target.cells, target.kind = list(source.cells), "strange"


def add_total_row(form: FormGrid) -> None:
    """Write below the rows what their amounts are together, as a number and as a formula."""
    numbers = {
        key: place for key in sorted(form.sample.number_columns) if (place := form.column_index(key)) is not None
    }
    line, text = GridRow("strange", [None] * form.width), f"Summa {form.writer.next_text()}"
    for key, place in numbers.items():
        given = [each.cells[place] for each in form.rows[4:] if isinstance(each.cells[place], int | float)]
        letters = get_column_letter(place + 1)
        sums = (sum(given), f"=SUM({letters}5:{letters}{len(form.rows)})")
        if len(given) > 1:
            form.set_cell(line, form.sample.item_level, text)
            form.set_cell(line, key, form.rng.choice(sums))
    form.rows.append(line)


def repeat_heading(form: FormGrid) -> None:
    """Copy the heading to between the rows, with or without the codes above it; nobody writes on over codes."""
    for line in form.rows_of_kind("codes", "heading")[form.rng.randint(0, 1) :]:
        kind = "strange" if line.kind == "codes" else "blank"
        form.rows.insert(form.rng.randint(5, len(form.rows)), GridRow(kind, list(line.cells)))


def continue_below(form: FormGrid) -> None:
    """Go on with a comment in a row of its own below."""
    at = form.rng.randint(5, len(form.rows))
    form.rows.insert(at, GridRow("blank", [None] * form.width))
    form.set_cell(form.rows[at], "comment", form.writer.next_text())


def move_rows_away(form: FormGrid) -> None:
    """Cut some rows out and paste them on a sheet of their own, where nothing says what they are."""
    gone = form.rng.sample(form.rows_of_kind("line"), 2)
    sheet = form.workbook.create_sheet("Resten")
    for line in gone if len(form.rows_of_kind("line")) > 3 else ():
        form.rows.remove(line)
        sheet.append(line.cells)
        _forget_intended_cells(form, line.cells)


def filter_rows(form: FormGrid) -> None:
    """Leave a filter on, which hides rows, answered or not."""
    for line in form.rows[4:]:
        line.hidden = form.rng.random() < 0.4


def merge_status(form: FormGrid) -> None:
    """Merge one answer over the rows below; what stood there goes, or stays unseen below it."""
    top, key = form.rng.randint(4, len(form.rows) - 2), form.rng.choice((form.sample.answer_columns[0], "comment"))
    bottom = min(top + form.rng.randint(1, 4), len(form.rows) - 1)
    if not any(start <= bottom and top <= end for start, end, _ in form.merged) and key in form.columns:
        form.merged.append((top, bottom, form.columns[key]))
        for line in form.rows[top + 1 : bottom + 1]:
            line.cells[form.columns[key]] = line.cells[form.columns[key]] if form.rng.random() < 0.3 else None


def add_activities(form: FormGrid) -> None:
    """Write activities of one's own, in the free rows and below them."""
    line = form.rng.choice([*form.rows_of_kind("free", "blank"), GridRow("free", [None] * form.width)])
    if not any(line is known for known in form.rows):
        form.rows.append(line)
    write_added_activity(form, line)


# Cells ----------------------------------------------------------------------------------------------------


def write_beside(form: FormGrid) -> None:
    """Write to the right of the table, above it or below it."""
    where = form.rng.choice(("right", "above", "below", "free heading"))
    line = form.rows[form.rng.randrange(2 if where == "above" else len(form.rows))]
    if where == "right":
        for each in form.rows:
            each.cells.append(None)
        line.cells[-1] = form.writer.next_text()
    elif where == "above":
        line.cells[form.rng.randint(3, form.width - 1)] = form.writer.next_text()
    elif where == "below":
        form.rows += [
            GridRow("blank", [None] * form.width),
            GridRow("note", [form.writer.next_text(), *[None] * (form.width - 1)]),
        ]
    elif (rows := form.rows_of_kind("free heading")) and form.width > 3:
        rows[0].cells[form.rng.randrange(form.width)] = form.writer.next_text()


def write_over_remaining(form: FormGrid) -> None:
    line = form.rng.choice(form.rows_of_kind("heading", "line", "free"))
    form.set_cell(line, "remaining", form.writer.next_text())


def write_into_codes(form: FormGrid) -> None:
    """Write into the hidden row, once in a cell without a code, once over one."""
    for line in form.rows_of_kind("codes"):
        line.cells[form.rng.randrange(form.width)] = form.writer.next_text()


def write_over_issued(form: FormGrid) -> None:
    """Write over what the plan says: the deadline, a goal, a further column, an id."""
    key = form.rng.choice(form.sample.issued_columns)
    form.set_cell(form.rng.choice(form.rows_of_kind("line")), key, form.writer.next_text())


def write_over_computed(form: FormGrid) -> None:
    """Write over what the form works out itself, where it does."""
    for key in form.sample.computed_columns:
        form.set_cell(form.rng.choice(form.rows_of_kind("line", "free")), key, form.writer.next_text())


def shift_answers(form: FormGrid) -> None:
    """Cut the answers of a row and paste them one column to the right, over what stands there."""
    line = form.rng.choice(form.rows_of_kind("line"))
    first = form.columns.get(form.sample.answer_columns[0], form.width)
    if first + 1 < form.width:
        end = min(first + len(form.sample.answer_columns) + 1, form.width)
        line.cells[first:end] = [None, *line.cells[first : end - 1]]
        _forget_intended_cells(form, line.cells[first:end])


def push_along(form: FormGrid) -> None:
    """Delete or insert a single cell in a row, so that those to its right move."""
    if len(form.rows_of_kind("line")) < 3:
        return
    line = form.rng.choice(form.rows_of_kind("line"))
    first = min((form.columns[key] for key in form.sample.answer_columns if key in form.columns), default=0)
    at = form.rng.randint(first, form.width - 1)
    if form.rng.random() < 0.5:
        line.cells = [*line.cells[:at], *line.cells[at + 1 :], None]
    else:
        for each in form.rows:
            each.cells.append(None)
        line.cells = [*line.cells[:at], None, *line.cells[at:-1]]
    line.kind = "strange"
    _forget_intended_cells(form, line.cells)


def push_down(form: FormGrid) -> None:
    """Delete or insert a single cell in a column, so that those below it move."""
    place = form.column_index(form.rng.choice(form.sample.answer_columns))
    if place is None:
        return
    at = form.rng.randint(4, len(form.rows) - 1)
    column = [line.cells[place] for line in form.rows[at:]]
    _forget_intended_cells(form, column)
    if form.rng.random() < 0.5:
        column = [*column[1:], None]
    else:
        form.rows.append(GridRow("blank", [None] * form.width))
        column.insert(0, None)
    for line, cell in zip(form.rows[at:], column, strict=True):
        line.cells[place] = cell


def break_into_words(form: FormGrid) -> None:
    """Break an answer up into words, each in a cell of its own, over what stands to its right."""
    line, key = form.rng.choice(form.rows_of_kind("line", "own")), form.rng.choice(form.sample.answer_columns)
    place = form.column_index(key)
    text = None if place is None else line.cells[place]
    if place is not None and _is_text(text) and text[:1].isalpha() and not text.startswith("cirka"):
        _forget_intended_cells(form, [text])
        for at, word in enumerate(text.split(" ")[: form.width - place], place):
            line.cells[at] = word


def drop_diacritics(form: FormGrid) -> None:
    """Replace å, ä and ö through the whole sheet by plain letters."""
    for line in form.rows:
        line.cells = [cell.translate(_PLAIN) if _is_text(cell) else cell for cell in line.cells]


def write_in_capitals(form: FormGrid) -> None:
    """Set all that was issued in capitals."""
    for line in form.rows_of_kind("heading", "line"):
        for key in ("id", *form.sample.levels, *form.sample.answer_columns):
            place = form.column_index(key)
            if place is not None and (line.kind == "heading" or key not in form.sample.answer_columns):
                line.cells[place] = line.cells[place].upper() if _is_text(line.cells[place]) else line.cells[place]


def _forget_intended_cells(form: FormGrid, cells: Sequence[object]) -> None:
    """Note that what stands in these cells is no longer where it was meant to be."""
    for word in (word for cell in cells for word in find_words_in_value(cell)):
        form.writer.intended_cells.pop(word, None)


def add_cell_comment(form: FormGrid) -> None:
    form.notes[form.rng.randrange(len(form.rows)), form.rng.randrange(form.width)] = form.writer.next_text()


def write_in_header_footer(form: FormGrid) -> None:
    """Write into the header or footer of the printed pages, of the form or of its instruction."""
    name = form.rng.choice((form.sheet, form.sample.guide_sheet))
    if name in form.workbook:
        margin = form.rng.choice((form.workbook[name].oddHeader, form.workbook[name].oddFooter))
        form.rng.choice((margin.left, margin.center, margin.right)).text = form.writer.next_text()


# Columns --------------------------------------------------------------------------------------------------


def insert_column(form: FormGrid) -> None:
    at = form.rng.randint(1, form.width)
    for line in form.rows:
        line.cells.insert(at, None)
    form.columns = {key: place + (place >= at) for key, place in form.columns.items()}
    form.rows[3].cells[at] = form.writer.next_text()
    form.rng.choice(form.rows_of_kind("line", "free")).cells[at] = form.writer.next_text()


def move_column(form: FormGrid) -> None:
    source, target = form.rng.randrange(form.width), form.rng.randrange(form.width)
    order = list(range(form.width))
    order.insert(target, order.pop(source))
    for line in form.rows:
        line.cells = [line.cells[place] for place in order]
    form.columns = {key: order.index(place) for key, place in form.columns.items()}


def repeat_column(form: FormGrid) -> None:
    """Copy a column to the far right, with or without its cells, and write into the copy."""
    keys = [key for key in form.columns if key in ("comment", form.sample.answer_columns[0])]
    if not keys:
        return
    place = form.columns[form.rng.choice(keys)]
    whole = form.rng.random() < 0.5
    for line in form.rows:
        line.cells.append(line.cells[place] if whole or line.kind in ("codes", "heading") else None)
    form.rng.choice(form.rows_of_kind("free", "free heading", "line")).cells[-1] = form.writer.next_text()


def rename_headings(form: FormGrid) -> None:
    for key in form.rng.sample(sorted(form.columns), 2):
        form.set_cell(form.rows[3], key, form.writer.next_text())


def delete_column(form: FormGrid) -> None:
    """Delete a column with all that stands in it."""
    key = form.rng.choice(sorted(form.columns))
    gone = form.columns.pop(key)
    for line in form.rows:
        del line.cells[gone]
    form.columns = {each: place - (place > gone) for each, place in form.columns.items()}
    if key == form.sample.item_level:
        home = form.writer.intended_cells.items()
        form.writer.intended_cells = {
            word: (name, field) for word, (name, field) in home if not find_words_in_value(name)
        }
    form.merged = [(top, end, place - (place > gone)) for top, end, place in form.merged if place != gone]


def clear_codes(form: FormGrid) -> None:
    form.rows[2].cells = [None] * form.width


# Sheets ---------------------------------------------------------------------------------------------------


def rename_sheet(form: FormGrid) -> None:
    name = form.rng.choice(("Blad1", "Svar från oss", RECORDS))
    if name == RECORDS != form.sheet and RECORDS in form.workbook:
        form.workbook[RECORDS].title = "Blad7"
    form.workbook[form.sheet].title = name
    form.sheet = name


def add_sheet(form: FormGrid) -> None:
    sheet = form.workbook.create_sheet("Eget", form.rng.randint(0, 2))
    sheet["C7"], sheet["XFD1048576"] = form.writer.next_text(), form.writer.next_text()


def write_on_guide(form: FormGrid) -> None:
    if form.sample.guide_sheet in form.workbook:
        form.workbook[form.sample.guide_sheet].cell(
            form.rng.randint(1, 45), form.rng.randint(1, 5)
        ).value = form.writer.next_text()


def write_on_correction_sheet(form: FormGrid) -> None:
    """Write over, beside or below what is to be corrected, on its sheet in a form that went back."""
    if form.sample.correction_sheet in form.workbook:
        sheet = form.workbook[form.sample.correction_sheet]
        row, column = form.rng.randint(1, sheet.max_row + 3), form.rng.randint(1, 10)
        sheet.cell(row, column).value = form.writer.next_text()


def copy_sheet(form: FormGrid) -> None:
    """Copy the sheet and go on in either of the two."""
    copy = FormGrid(
        form.sample,
        form.workbook,
        [GridRow(line.kind, list(line.cells), line.name) for line in form.rows],
        dict(form.columns),
        form.writer,
        form.rng,
        sheet=f"Kopia {len(form.copies)}",
    )
    for either in (form, copy)[: form.rng.randint(1, 2)]:
        for line in form.rng.sample(either.rows_of_kind("line"), 2):
            either.set_cell(line, "comment", form.writer.next_text(line.name, "comment"))
    form.copies.append(copy)
    add_activities(copy)


def delete_records(form: FormGrid) -> None:
    if RECORDS in form.workbook and form.sheet != RECORDS:
        form.workbook.remove(form.workbook[RECORDS])


def delete_guide(form: FormGrid) -> None:
    if form.sample.guide_sheet in form.workbook:
        form.workbook.remove(form.workbook[form.sample.guide_sheet])


def copy_into_new_workbook(form: FormGrid) -> None:
    """Copy everything that can be seen into a new workbook, where no formula finds what it needs."""
    form.workbook = Workbook()
    form.workbook.worksheets[0].title = form.sheet = "Blad1"
    for line in form.rows:
        line.cells = [None if _is_formula(cell) else cell for cell in line.cells]
    form.rows[2].cells = [None] * form.width


DAMAGES: Sequence[Callable[[FormGrid], None]] = (
    insert_rows,
    delete_row,
    sort_rows,
    sort_visible,
    blank_ids,
    decompose,
    add_spaces,
    paste_row_of_another,
    repeat_row,
    repeat_row_below,
    copy_over,
    add_total_row,
    repeat_heading,
    continue_below,
    move_rows_away,
    filter_rows,
    merge_status,
    add_activities,
    write_beside,
    write_over_remaining,
    write_into_codes,
    write_over_issued,
    write_over_computed,
    shift_answers,
    push_along,
    push_down,
    break_into_words,
    drop_diacritics,
    write_in_capitals,
    add_cell_comment,
    write_in_header_footer,
    insert_column,
    move_column,
    repeat_column,
    delete_column,
    rename_headings,
    clear_codes,
    rename_sheet,
    add_sheet,
    write_on_guide,
    write_on_correction_sheet,
    copy_sheet,
    delete_records,
    delete_guide,
    copy_into_new_workbook,
)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and not _is_formula(cell)


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith("=")
