"""What is left of a filled form after a program has opened and saved it, and what xlflow then still reads of it.

The table in examples/README.md is what this test finds. `pytest tests/test_spreadsheet_programs.py --renew` writes
it anew.
"""

import io
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_round import draw_round, shipped_template
from support.external_tools import PROJECT, require_packages, require_tool
from support.libreoffice import convert

from xlflow.collect.discover import DiscoveredFile, make_received_file
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import CODE_ROW, FIRST_ITEM_ROW, METADATA_SHEET
from xlflow.generate import write_form
from xlflow.model.findings import Finding
from xlflow.model.plan import PlanItem
from xlflow.model.submission import Submission
from xlflow.read.build_submission import read_form

pytestmark = pytest.mark.with_tools

LIBRARIES = {"exceljs": "4.4.0", "xlsx": "0.18.5"}
README = PROJECT / "examples" / "README.md"
START, END = "<!-- programs -->\n", "<!-- /programs -->"
NOT_RUN = "Excel, Excel on the web, Google Sheets, Numbers"

CODED = "_x0041_"
"""How Excel itself codes a letter, when a person has written just that."""

THAT_ONE = ("1.10 Märk upp", "comment")
"""The activity and field of the answer that holds it."""

# A form as a unit fills it in ------------------------------------------------------------------------------

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet     | Delaktivitet | Slutdatum  | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarnen |              | Kvartal 2  | Museet
    b  |            |                        |          |               | Byt hjulet   | 2021-06-30 | Museet
    c  |            |                        |          |               | Måla luckan  | 2021-09-30 | Museet
    d  |            |                        |          | Hyra ut båtar |              | Se planen  | Museet
    e  |            |                        | Samlingar| 1.10 Märk upp |              | Kvartal 4  | Museet
    f  |            |                        |          | Städa         |              |            | Museet
""")
TOLD = {
    "b": {"status": "Pågående", "comment": "=1+1 är två\n\n- rad för rad\n+ och mer"},
    "c": {
        "status": "Förskjuts",
        "new_deadline": "Kvartal 1 2022",
        "comment": "Färg saknas 🎨, ring 0046 13 20",
    },
    "d": {"status": "färdigt", "new_deadline": "2021-10-31", "comment": "0012"},
    "e": {"status": "Utgår", "comment": f"Se {CODED}."},
    "f": {"comment": "<b>&amp;</b>\N{NO-BREAK SPACE}'så'" + " mycket mer" * 100},
    "own": {"status": "Genomfört", "comment": "Vår egen"},
}
AMOUNTS = draw_round(
    """
    Id | Område | Post  | Budget     | Enhet
    a  | Drift  | Löner | 4250000    | Museet
    b  |        | Hyror | 1200000.50 | Museet
    """,
    template=shipped_template("budget"),
)
SPENT = {"a": {"outcome": "1062500,25", "forecast": "-3000"}, "b": {"outcome": "0,1", "comment": "1 250 kr mer"}}


def make_forms() -> dict[str, bytes]:
    """One form of words and one of numbers, filled in."""
    own = PlanItem("own", ("", "", "", "Ny båt", ""), ("Museet",), added_by_unit=True)
    asked = replace(ASKED, plan=replace(ASKED.plan, items=(*ASKED.plan.items, own)))
    return {
        "words": write_form(asked, "Museet", TOLD, issued={}),
        "numbers": write_form(AMOUNTS, "Museet", SPENT, issued={}),
    }


# Programs that can be run ----------------------------------------------------------------------------------

Saved = dict[str, Path]


def save_with_libreoffice(kind: str, ending: str) -> Callable[[Saved, Path], Saved]:
    def save(forms: Saved, folder: Path) -> Saved:
        made = convert(list(forms.values()), f"{ending}:{kind}" if kind else ending, folder)
        return dict(zip(forms, made, strict=True))

    return save


def save_with_openpyxl(forms: Saved, folder: Path) -> Saved:
    for path in forms.values():
        load_workbook(path).save(folder / path.name)
    return {name: folder / path.name for name, path in forms.items()}


def save_with_node(library: str) -> Callable[[Saved, Path], Saved]:
    def save(forms: Saved, folder: Path) -> Saved:
        packages = require_packages(folder.parent / "npm", **LIBRARIES)
        command = [require_tool("node"), str(PROJECT / "tests" / "support" / "resave.cjs"), library, str(packages)]
        for path in forms.values():
            subprocess.run([*command, str(path), str(folder / path.name)], check=True, capture_output=True)
        return {name: folder / path.name for name, path in forms.items()}

    return save


PROGRAMS: dict[str, Callable[[Saved, Path], Saved]] = {
    "LibreOffice, .xlsx": save_with_libreoffice("Calc MS Excel 2007 XML", "xlsx"),
    "LibreOffice, .ods": save_with_libreoffice("", "ods"),
    "LibreOffice, .xls": save_with_libreoffice("MS Excel 97", "xls"),
    "openpyxl": save_with_openpyxl,
    f"ExcelJS {LIBRARIES['exceljs']}": save_with_node("exceljs"),
    f"SheetJS {LIBRARIES['xlsx']}": save_with_node("xlsx"),
}


# What is looked at ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """What a file holds, thing by thing, each as a set that can be compared with that of the file that went out;
    how the hidden sheet is hidden; the codes of what reading says of the file."""

    things: Mapping[str, frozenset[object]]
    state: str
    codes: frozenset[str]


LABELS = {
    "answers": "Answers, as xlflow reads them",
    "coded": f"An answer that holds the very text {CODED}",
    "ids": "Ids beside their rows, codes above their columns",
    "hidden_sheet": "Whose form and of which round: on the hidden sheet",
    "properties": "The same in the document's properties",
    "lists": "Lists and limits at the cells",
    "texts": "Notes and error texts at the cells",
    "names": "Lists by name",
    "colours": "Red for wrong answers, colours of statuses",
    "live": "Live column and counters",
    "open_cells": "Cells open for answers",
    "locked_sheets": "Locks of the sheets",
    "locked_structure": "Lock of the workbook's structure",
}


def look_at(path: Path, shown: Path, *, structure: bool) -> Look:
    """Look at a file; `shown` is the same as an .xlsx, for what only that can be asked about."""
    workbook = load_workbook(shown)
    form = next(sheet for sheet in workbook.worksheets if sheet.cell(CODE_ROW + 1, 1).value == "#id")
    hidden = workbook[METADATA_SHEET] if METADATA_SHEET in workbook.sheetnames else None
    opened = open_workbook(path, path.name)
    assert isinstance(opened, WorkbookData), opened
    filled = read_form(opened, make_received_file(DiscoveredFile(path.name, path, 0), opened))
    named = ((name, _plain(each.attr_text)) for name, each in workbook.defined_names.items())
    cells = [cell for row in form.iter_rows() for cell in row]
    things = {
        "answers": (answer for answer in _answers_of(filled) if answer[:2] != THAT_ONE),
        "coded": (answer for answer in _answers_of(filled) if answer[:2] == THAT_ONE),
        "ids": _ids_of(form),
        "hidden_sheet": _records_of(hidden) if hidden else (),
        "properties": ((each.name, str(each.value)) for each in workbook.custom_doc_props.props),
        "properties that xlflow reads": (
            each for each in opened.properties.items() if each[0].startswith("xlflow.")
        ),
        "lists": _validations_of(form),
        "texts": _texts_of(form),
        "names": (each for each in named if re.match("xlflow_[a-z]", each[0])),
        "colours": _colours_of(form),
        "live": _live_cells(workbook, load_workbook(shown, data_only=True)),
        "open_cells": (cell.coordinate for cell in cells if not cell.protection.locked),
        "locked_sheets": (sheet.title for sheet in workbook.worksheets if sheet.protection.sheet),
        "locked_structure": ["locked"] if structure else [],
    }
    codes = {finding.code for finding in filled.findings} if isinstance(filled, Submission) else {filled.code}
    state = hidden.sheet_state if hidden else "gone"
    return Look(MappingProxyType({key: frozenset(each) for key, each in things.items()}), state, frozenset(codes))


def _answers_of(filled: Submission | Finding) -> Iterator[tuple[object, ...]]:
    """Yield (activity, field, text, value) of every answer, and what was set aside."""
    if isinstance(filled, Submission):
        for row in filled.rows:
            about = " ".join(row.item.level_texts[filled.round.template.item_level_index :]).strip()
            yield from ((about, one.field, one.raw_text, one.value) for one in row.answers)
        yield from ((one.location.cell, one.texts) for one in filled.unplaced)


def _ids_of(form: Worksheet) -> Iterator[object]:
    yield from ((cell.column, cell.value) for cell in form[CODE_ROW + 1] if cell.value)
    yield from (
        tuple(cell.value for cell in row[:6]) for row in form.iter_rows(FIRST_ITEM_ROW + 1) if row[0].value
    )


def _records_of(hidden: Worksheet) -> Iterator[object]:
    records = (tuple(str(cell) for cell in row if cell is not None) for row in hidden.values)
    return (record for record in records if not any(cell.startswith("=") for cell in record))


def _validations_of(form: Worksheet) -> Iterator[object]:
    for rule in form.data_validations.dataValidation:
        if rule.type not in (None, "none"):
            second = "" if rule.type == "list" else _plain(rule.formula2)
            limits = (rule.type, _plain(rule.formula1), second, rule.errorStyle or "stop")
            yield from ((cell, *limits) for cell in _cells_in(str(rule.sqref)))


def _texts_of(form: Worksheet) -> Iterator[object]:
    for rule in form.data_validations.dataValidation:
        texts = tuple(_lines(text) for text in (rule.promptTitle, rule.prompt, rule.errorTitle, rule.error))
        yield from ((cell, texts) for cell in _cells_in(str(rule.sqref)) if any(texts))


def _colours_of(form: Worksheet) -> Iterator[object]:
    for area, rules in form.conditional_formatting._cf_rules.items():
        for rule in rules:
            fill = rule.dxf.fill.bgColor.rgb if rule.dxf and rule.dxf.fill else None
            yield str(area.sqref), _plain(rule.formula[0]), str(fill)[-6:]


def _live_cells(workbook: Workbook, values: Workbook) -> Iterator[object]:
    """Yield the formulas that are not in error."""
    for sheet in workbook.worksheets:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            if not str(values[sheet.title][cell.coordinate].value).startswith(("#", "Err")):
                yield sheet.title, cell.coordinate


def _cells_in(areas: str) -> Iterator[str]:
    for area in areas.split():
        first, _, last = area.partition(":")
        letters = first.rstrip("0123456789")
        top, bottom = (int(cell.removeprefix(letters)) for cell in (first, last or first))
        yield from (f"{letters}{row}" for row in range(top, bottom + 1))


def _plain(formula: object) -> str:
    """A formula as programs agree on it: without blanks, quotes around sheets and needless zeroes."""
    text = re.sub(r"[\s']|(?<=\d)\.0+\b", "", str(formula if formula is not None else ""))
    return re.sub(r"\bTRUE\b", "1", text)


def _lines(text: str | None) -> str:
    return re.sub(r"(?:_x000[aAdD]_|\s)+", " ", text or "")


# The file as it is looked at ------------------------------------------------------------------------------


def show(saved: Saved, folder: Path) -> dict[str, Look]:
    """Look at saved files; .ods and .xls are opened in LibreOffice for what only an .xlsx can be asked about."""
    paths = list(saved.values())
    if paths[0].suffix == ".xlsx":
        return {name: look_at(path, path, structure=_is_locked(path)) for name, path in saved.items()}
    shown = convert(paths, "xlsx:Calc MS Excel 2007 XML", folder / "shown")
    texts = paths if paths[0].suffix == ".ods" else convert(paths, "ods", folder / "shown")
    locked = ['table:structure-protected="true"' in _content_of(text) for text in texts]
    looked = zip(saved.items(), shown, locked, strict=True)
    return {name: look_at(path, workbook, structure=structure) for (name, path), workbook, structure in looked}


def _is_locked(path: Path) -> bool:
    security = load_workbook(path).security
    return bool(security and security.lockStructure)


def _content_of(path: Path) -> str:
    with zipfile.ZipFile(path) as package:
        return package.read("content.xml").decode()


def compare(before: Sequence[Look], after: Sequence[Look]) -> dict[str, str]:
    """Say of each thing whether it is still there in every form."""
    said = {key: _say(_gather(before, key), _gather(after, key)) for key in LABELS}
    states, codes = ({look.state for look in after}, _codes(after) - _codes(before))
    if said["hidden_sheet"] == "yes" and states != {"veryHidden"}:
        said["hidden_sheet"] = f"yes, as {' or '.join(sorted(states))}"
    if said["properties"] == "yes" and _gather(after, "properties") != _gather(
        after, "properties that xlflow reads"
    ):
        said["properties"] = "yes, but not read"
    if codes:
        said["answers"] += f", and says {', '.join(sorted(codes))}"
    return said


def _gather(looks: Sequence[Look], key: str) -> set[object]:
    return {(number, each) for number, look in enumerate(looks) for each in look.things[key]}


def _codes(looks: Sequence[Look]) -> set[str]:
    return {code for look in looks for code in look.codes}


def _say(was: set[object], now: set[object]) -> str:
    kept = len(was & now)
    return "yes" if was == now else "partly" if kept else "no"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What is left, by program."""
    folder = tmp_path_factory.mktemp("programs")
    sent = {name: folder / f"{name}.xlsx" for name in ("words", "numbers")}
    for name, content in make_forms().items():
        sent[name].write_bytes(content)
    before = [*show(sent, folder).values()]
    left = {}
    for number, (program, save) in enumerate(PROGRAMS.items()):
        place = folder / str(number)
        place.mkdir()
        left[program] = compare(before, [*show(save(sent, place), place).values()])
    left["as it went out"] = compare(before, [*show(sent, folder).values()])
    return left


def write_table(found: dict[str, dict[str, str]]) -> str:
    rows = [["", *PROGRAMS, NOT_RUN]]
    rows += [[label, *(found[program][key] for program in PROGRAMS), "not run"] for key, label in LABELS.items()]
    rows.insert(1, ["---"] * len(rows[0]))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


# Tests ----------------------------------------------------------------------------------------------------


def test_the_table_of_programs_is_true(found: dict[str, dict[str, str]], renew: bool) -> None:
    readme, table = README.read_text(encoding="utf-8"), write_table(found)
    head, _, rest = readme.partition(START)
    shown, _, tail = rest.partition(END)
    if renew:
        README.write_text(f"{head}{START}{table}{END}{tail}", encoding="utf-8")
    else:
        assert shown == table, "write it anew with: pytest tests/test_spreadsheet_programs.py --renew"


def test_the_form_as_it_went_out_has_everything(found: dict[str, dict[str, str]]) -> None:
    assert set(found["as it went out"].values()) == {"yes"}


def test_what_is_gone_is_seen(tmp_path: Path) -> None:
    """The looking itself: a form stripped of everything but its cells has nothing left that is not in a cell."""
    (tmp_path / "form.xlsx").write_bytes(make_forms()["words"])
    whole = look_at(tmp_path / "form.xlsx", tmp_path / "form.xlsx", structure=True)
    bare = Workbook()
    for sheet in load_workbook(tmp_path / "form.xlsx", data_only=True).worksheets:
        copy = bare.create_sheet(sheet.title)
        for row in sheet.values:
            copy.append([f" {text}" if str(text).startswith("=") else text for text in row])
    bare.remove(bare.worksheets[0])
    saved = io.BytesIO()
    bare.save(saved)
    (tmp_path / "bare.xlsx").write_bytes(saved.getvalue())
    stripped = look_at(tmp_path / "bare.xlsx", tmp_path / "bare.xlsx", structure=False)
    reported = compare([whole], [stripped])
    hidden = "yes, as visible"
    in_cells = {"answers": "partly, and says lists-gone", "coded": "no", "ids": "yes", "hidden_sheet": hidden}
    assert reported == dict.fromkeys(LABELS, "no") | in_cells
    assert stripped.state == "visible"
