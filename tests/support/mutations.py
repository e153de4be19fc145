"""What people and programs do to a form, on the sheet as a grid of cells; chance says what, where and how often.

Each is a function of a `FormContext`; `DAMAGES` are all. None knows what the reader makes of it.
"""

import unicodedata
from collections.abc import Callable, Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from support.form_grid import RECORDS, Form, Line, words_in, write_own

_PLAIN = str.maketrans("åäöÅÄÖ", "aaoAAO")

# Rows -----------------------------------------------------------------------------------------------------


def insert_rows(form: Form) -> None:
    for _ in range(form.chance.randint(1, 3)):
        at = form.chance.randint(4, len(form.lines))
        form.lines.insert(at, Line("blank", [None] * form.width))


def delete_row(form: Form) -> None:
    if len(form.of_kind("line")) > 2:
        form.lines.remove(form.chance.choice(form.of_kind("line", "blank", "free")))


def sort_rows(form: Form) -> None:
    body = form.lines[4:]
    form.chance.shuffle(body)
    form.lines[4:] = body


def sort_visible(form: Form) -> None:
    """Sort all but the ids, which so end up on other rows."""
    lines, ids = form.of_kind("line"), form.place_of("id")
    cells, names = [line.cells for line in lines], [line.name for line in lines]
    order = list(range(len(lines)))
    form.chance.shuffle(order)
    kept = [None if ids is None else line.cells[ids] for line in lines]
    for line, source, row_id in zip(lines, order, kept, strict=True):
        line.cells, line.name = list(cells[source]), names[source]
        form.put(line, "id", row_id)


def blank_ids(form: Form) -> None:
    for line in form.of_kind("line"):
        if form.chance.random() < 0.6:
            form.put(line, "id", None)


def decompose(form: Form) -> None:
    for line in form.lines[3:]:
        line.cells = [unicodedata.normalize("NFD", cell) if _is_text(cell) else cell for cell in line.cells]


def space_out(form: Form) -> None:
    """Put no-break spaces, blanks and capitals into the issued texts, as pasting through other programs does."""
    for line in form.of_kind("line"):
        for key in form.kind.levels:
            place = form.place_of(key)
            if place is not None and _is_text(line.cells[place]):
                line.cells[place] = f" {line.cells[place].replace(' ', chr(0xA0))} "


def paste_row_of_another(form: Form) -> None:
    line = Line("strange", [None] * form.width)
    for key, text in form.kind.stranger.items():
        form.put(line, key, text)
    form.put(line, "comment", form.pen.text())
    form.lines.insert(form.chance.randint(4, len(form.lines)), line)


def repeat_row(form: Form) -> None:
    """Copy a row and write something else into the copy."""
    form.lines.insert(form.chance.randint(4, len(form.lines)), _copy_line(form))


def repeat_row_below(form: Form) -> None:
    """Copy rows to below the table, as those do who would rather answer twice than write over."""
    form.lines.append(Line("blank", [None] * form.width))
    form.lines += [_copy_line(form), _copy_line(form)]


def _copy_line(form: Form) -> Line:
    source = form.chance.choice(form.of_kind("line"))
    copy = Line("strange", list(source.cells))
    for key in form.chance.sample((form.kind.given[0], *form.kind.answers), 2):
        form.put(copy, key, form.write(key))
    for key in form.chance.sample(form.kind.answers, 2):
        form.put(copy, key, None)
    return copy


def copy_over(form: Form) -> None:
    """Copy a row over another."""
    if len(form.of_kind("line")) > 2:
        source, target = form.chance.sample(form.of_kind("line"), 2)
        target.cells, target.kind = list(source.cells), "strange"


def sum_up(form: Form) -> None:
    """Write below the rows what their amounts are together, as a number and as a formula."""
    numbers = {key: place for key in sorted(form.kind.numbers) if (place := form.place_of(key)) is not None}
    line, text = Line("strange", [None] * form.width), f"Summa {form.pen.text()}"
    for key, place in numbers.items():
        given = [each.cells[place] for each in form.lines[4:] if isinstance(each.cells[place], int | float)]
        letters = get_column_letter(place + 1)
        sums = (sum(given), f"=SUM({letters}5:{letters}{len(form.lines)})")
        if len(given) > 1:
            form.put(line, form.kind.item, text)
            form.put(line, key, form.chance.choice(sums))
    form.lines.append(line)


def repeat_heading(form: Form) -> None:
    """Copy the heading to between the rows, with or without the codes above it; nobody writes on over codes."""
    for line in form.of_kind("codes", "heading")[form.chance.randint(0, 1) :]:
        kind = "strange" if line.kind == "codes" else "blank"
        form.lines.insert(form.chance.randint(5, len(form.lines)), Line(kind, list(line.cells)))


def go_on_below(form: Form) -> None:
    """Go on with a comment in a row of its own below."""
    at = form.chance.randint(5, len(form.lines))
    form.lines.insert(at, Line("blank", [None] * form.width))
    form.put(form.lines[at], "comment", form.pen.text())


def move_rows_away(form: Form) -> None:
    """Cut some rows out and paste them on a sheet of their own, where nothing says what they are."""
    gone = form.chance.sample(form.of_kind("line"), 2)
    sheet = form.book.create_sheet("Resten")
    for line in gone if len(form.of_kind("line")) > 3 else ():
        form.lines.remove(line)
        sheet.append(line.cells)
        _forget_home(form, line.cells)


def filter_rows(form: Form) -> None:
    """Leave a filter on, which hides rows, answered or not."""
    for line in form.lines[4:]:
        line.hidden = form.chance.random() < 0.4


def merge_status(form: Form) -> None:
    """Merge one answer over the rows below; what stood there goes, or stays unseen below it."""
    top, key = form.chance.randint(4, len(form.lines) - 2), form.chance.choice((form.kind.answers[0], "comment"))
    bottom = min(top + form.chance.randint(1, 4), len(form.lines) - 1)
    if not any(start <= bottom and top <= end for start, end, _ in form.merged) and key in form.columns:
        form.merged.append((top, bottom, form.columns[key]))
        for line in form.lines[top + 1 : bottom + 1]:
            line.cells[form.columns[key]] = line.cells[form.columns[key]] if form.chance.random() < 0.3 else None


def add_own(form: Form) -> None:
    """Write activities of one's own, in the free rows and below them."""
    line = form.chance.choice([*form.of_kind("free", "blank"), Line("free", [None] * form.width)])
    if not any(line is known for known in form.lines):
        form.lines.append(line)
    write_own(form, line)


# Cells ----------------------------------------------------------------------------------------------------


def write_beside(form: Form) -> None:
    """Write to the right of the table, above it or below it."""
    where = form.chance.choice(("right", "above", "below", "free heading"))
    line = form.lines[form.chance.randrange(2 if where == "above" else len(form.lines))]
    if where == "right":
        for each in form.lines:
            each.cells.append(None)
        line.cells[-1] = form.pen.text()
    elif where == "above":
        line.cells[form.chance.randint(3, form.width - 1)] = form.pen.text()
    elif where == "below":
        form.lines += [
            Line("blank", [None] * form.width),
            Line("note", [form.pen.text(), *[None] * (form.width - 1)]),
        ]
    elif (rows := form.of_kind("free heading")) and form.width > 3:
        rows[0].cells[form.chance.randrange(form.width)] = form.pen.text()


def write_over_remaining(form: Form) -> None:
    line = form.chance.choice(form.of_kind("heading", "line", "free"))
    form.put(line, "remaining", form.pen.text())


def write_into_codes(form: Form) -> None:
    """Write into the hidden row, once in a cell without a code, once over one."""
    for line in form.of_kind("codes"):
        line.cells[form.chance.randrange(form.width)] = form.pen.text()


def write_over_issued(form: Form) -> None:
    """Write over what the plan says: the deadline, a goal, a further column, an id."""
    key = form.chance.choice(form.kind.given)
    form.put(form.chance.choice(form.of_kind("line")), key, form.pen.text())


def write_over_computed(form: Form) -> None:
    """Write over what the form works out itself, where it does."""
    for key in form.kind.computed:
        form.put(form.chance.choice(form.of_kind("line", "free")), key, form.pen.text())


def shift_answers(form: Form) -> None:
    """Cut the answers of a row and paste them one column to the right, over what stands there."""
    line = form.chance.choice(form.of_kind("line"))
    first = form.columns.get(form.kind.answers[0], form.width)
    if first + 1 < form.width:
        end = min(first + len(form.kind.answers) + 1, form.width)
        line.cells[first:end] = [None, *line.cells[first : end - 1]]
        _forget_home(form, line.cells[first:end])


def push_along(form: Form) -> None:
    """Delete or insert a single cell in a row, so that those to its right move."""
    if len(form.of_kind("line")) < 3:
        return
    line = form.chance.choice(form.of_kind("line"))
    first = min((form.columns[key] for key in form.kind.answers if key in form.columns), default=0)
    at = form.chance.randint(first, form.width - 1)
    if form.chance.random() < 0.5:
        line.cells = [*line.cells[:at], *line.cells[at + 1 :], None]
    else:
        for each in form.lines:
            each.cells.append(None)
        line.cells = [*line.cells[:at], None, *line.cells[at:-1]]
    line.kind = "strange"
    _forget_home(form, line.cells)


def push_down(form: Form) -> None:
    """Delete or insert a single cell in a column, so that those below it move."""
    place = form.place_of(form.chance.choice(form.kind.answers))
    if place is None:
        return
    at = form.chance.randint(4, len(form.lines) - 1)
    column = [line.cells[place] for line in form.lines[at:]]
    _forget_home(form, column)
    if form.chance.random() < 0.5:
        column = [*column[1:], None]
    else:
        form.lines.append(Line("blank", [None] * form.width))
        column.insert(0, None)
    for line, cell in zip(form.lines[at:], column, strict=True):
        line.cells[place] = cell


def break_up(form: Form) -> None:
    """Break an answer up into words, each in a cell of its own, over what stands to its right."""
    line, key = form.chance.choice(form.of_kind("line", "own")), form.chance.choice(form.kind.answers)
    place = form.place_of(key)
    text = None if place is None else line.cells[place]
    if place is not None and _is_text(text) and text[:1].isalpha() and not text.startswith("cirka"):
        _forget_home(form, [text])
        for at, word in enumerate(text.split(" ")[: form.width - place], place):
            line.cells[at] = word


def drop_dots(form: Form) -> None:
    """Replace å, ä and ö through the whole sheet by plain letters."""
    for line in form.lines:
        line.cells = [cell.translate(_PLAIN) if _is_text(cell) else cell for cell in line.cells]


def shout(form: Form) -> None:
    """Set all that was issued in capitals."""
    for line in form.of_kind("heading", "line"):
        for key in ("id", *form.kind.levels, *form.kind.answers):
            place = form.place_of(key)
            if place is not None and (line.kind == "heading" or key not in form.kind.answers):
                line.cells[place] = line.cells[place].upper() if _is_text(line.cells[place]) else line.cells[place]


def _forget_home(form: Form, cells: Sequence[object]) -> None:
    """Note that what stands in these cells is no longer where it was meant to be."""
    for word in (word for cell in cells for word in words_in(cell)):
        form.pen.home.pop(word, None)


def pin_note(form: Form) -> None:
    form.notes[form.chance.randrange(len(form.lines)), form.chance.randrange(form.width)] = form.pen.text()


def write_in_margin(form: Form) -> None:
    """Write into the header or footer of the printed pages, of the form or of its instruction."""
    name = form.chance.choice((form.sheet, form.kind.guide))
    if name in form.book:
        margin = form.chance.choice((form.book[name].oddHeader, form.book[name].oddFooter))
        form.chance.choice((margin.left, margin.center, margin.right)).text = form.pen.text()


# Columns --------------------------------------------------------------------------------------------------


def insert_column(form: Form) -> None:
    at = form.chance.randint(1, form.width)
    for line in form.lines:
        line.cells.insert(at, None)
    form.columns = {key: place + (place >= at) for key, place in form.columns.items()}
    form.lines[3].cells[at] = form.pen.text()
    form.chance.choice(form.of_kind("line", "free")).cells[at] = form.pen.text()


def move_column(form: Form) -> None:
    source, target = form.chance.randrange(form.width), form.chance.randrange(form.width)
    order = list(range(form.width))
    order.insert(target, order.pop(source))
    for line in form.lines:
        line.cells = [line.cells[place] for place in order]
    form.columns = {key: order.index(place) for key, place in form.columns.items()}


def repeat_column(form: Form) -> None:
    """Copy a column to the far right, with or without its cells, and write into the copy."""
    keys = [key for key in form.columns if key in ("comment", form.kind.answers[0])]
    if not keys:
        return
    place = form.columns[form.chance.choice(keys)]
    whole = form.chance.random() < 0.5
    for line in form.lines:
        line.cells.append(line.cells[place] if whole or line.kind in ("codes", "heading") else None)
    form.chance.choice(form.of_kind("free", "free heading", "line")).cells[-1] = form.pen.text()


def rename_headings(form: Form) -> None:
    for key in form.chance.sample(sorted(form.columns), 2):
        form.put(form.lines[3], key, form.pen.text())


def delete_column(form: Form) -> None:
    """Delete a column with all that stands in it."""
    key = form.chance.choice(sorted(form.columns))
    gone = form.columns.pop(key)
    for line in form.lines:
        del line.cells[gone]
    form.columns = {each: place - (place > gone) for each, place in form.columns.items()}
    if key == form.kind.item:
        home = form.pen.home.items()
        form.pen.home = {word: (name, field) for word, (name, field) in home if not words_in(name)}
    form.merged = [(top, end, place - (place > gone)) for top, end, place in form.merged if place != gone]


def lose_codes(form: Form) -> None:
    form.lines[2].cells = [None] * form.width


# Sheets ---------------------------------------------------------------------------------------------------


def rename_sheet(form: Form) -> None:
    name = form.chance.choice(("Blad1", "Svar från oss", RECORDS))
    if name == RECORDS != form.sheet and RECORDS in form.book:
        form.book[RECORDS].title = "Blad7"
    form.book[form.sheet].title = name
    form.sheet = name


def add_sheet(form: Form) -> None:
    sheet = form.book.create_sheet("Eget", form.chance.randint(0, 2))
    sheet["C7"], sheet["XFD1048576"] = form.pen.text(), form.pen.text()


def write_on_guide(form: Form) -> None:
    if form.kind.guide in form.book:
        form.book[form.kind.guide].cell(
            form.chance.randint(1, 45), form.chance.randint(1, 5)
        ).value = form.pen.text()


def write_on_list(form: Form) -> None:
    """Write over, beside or below what is to be corrected, on its sheet in a form that went back."""
    if form.kind.listed in form.book:
        sheet = form.book[form.kind.listed]
        row, column = form.chance.randint(1, sheet.max_row + 3), form.chance.randint(1, 10)
        sheet.cell(row, column).value = form.pen.text()


def copy_sheet(form: Form) -> None:
    """Copy the sheet and go on in either of the two."""
    copy = Form(
        form.kind,
        form.book,
        [Line(line.kind, list(line.cells), line.name) for line in form.lines],
        dict(form.columns),
        form.pen,
        form.chance,
        sheet=f"Kopia {len(form.copied)}",
    )
    for either in (form, copy)[: form.chance.randint(1, 2)]:
        for line in form.chance.sample(either.of_kind("line"), 2):
            either.put(line, "comment", form.pen.text(line.name, "comment"))
    form.copied.append(copy)
    add_own(copy)


def delete_records(form: Form) -> None:
    if RECORDS in form.book and form.sheet != RECORDS:
        form.book.remove(form.book[RECORDS])


def delete_guide(form: Form) -> None:
    if form.kind.guide in form.book:
        form.book.remove(form.book[form.kind.guide])


def into_new_book(form: Form) -> None:
    """Copy everything that can be seen into a new workbook, where no formula finds what it needs."""
    form.book = Workbook()
    form.book.worksheets[0].title = form.sheet = "Blad1"
    for line in form.lines:
        line.cells = [None if _is_formula(cell) else cell for cell in line.cells]
    form.lines[2].cells = [None] * form.width


DAMAGES: Sequence[Callable[[Form], None]] = (
    insert_rows,
    delete_row,
    sort_rows,
    sort_visible,
    blank_ids,
    decompose,
    space_out,
    paste_row_of_another,
    repeat_row,
    repeat_row_below,
    copy_over,
    sum_up,
    repeat_heading,
    go_on_below,
    move_rows_away,
    filter_rows,
    merge_status,
    add_own,
    write_beside,
    write_over_remaining,
    write_into_codes,
    write_over_issued,
    write_over_computed,
    shift_answers,
    push_along,
    push_down,
    break_up,
    drop_dots,
    shout,
    pin_note,
    write_in_margin,
    insert_column,
    move_column,
    repeat_column,
    delete_column,
    rename_headings,
    lose_codes,
    rename_sheet,
    add_sheet,
    write_on_guide,
    write_on_list,
    copy_sheet,
    delete_records,
    delete_guide,
    into_new_book,
)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and not _is_formula(cell)


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith("=")
