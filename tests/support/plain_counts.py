"""Counts a consolidated workbook as a reader would by filtering its tables: openpyxl and plain Python only.

Knows the headings and the words of the sheets, and nothing of the program. What a round or one unit comes to is a
`Scope`; every output of the program is held against it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook

Row = Mapping[str, str]

WORDS: Mapping[str, Mapping[str, str]] = {
    "sv": {
        "summary": "Sammanfattning",
        "deviations": "Avvikelser",
        "activities": "Aktiviteter",
        "answers": "Svar",
        "changes": "Förändringar",
        "collection": "Insamling",
        "findings": "Anmärkningar",
        "unit": "Enhet",
        "item": "Aktivitet",
        "part": "Delaktivitet",
        "rolled_up": "Sammanvägd status",
        "status": "Status",
        "overdue": "Passerat slutdatum",
        "completeness": "Svarsläge",
        "unanswered": "Ej besvarad",
        "follows": "Se aktivitet",
        "answer": "Svar",
        "answered": "Svarat",
        "blank": "Utan svar",
        "missing": "Saknas",
        "nothing": "Inget att rapportera",
        "unanswered_rows": "Obesvarade rader",
        "rows_asked": "Rader att svara på",
        "own_rows": "Varav egna rader",
        "severity": "Allvar",
        "error": "Fel",
        "warning": "Varning",
        "origin": "Ursprung",
        "own": "Enhetens egen",
        "file": "Fil",
        "outcome": "Utfall",
        "kind": "Slag",
        "row": "Rad",
        "rows_in_form": "Rader i formulären",
        "change": "Förändring",
        "not_stated": "(inte angivet)",
        "own_group": "Enheternas egna",
        "quarter": "Kvartal",
        "yes": "Ja",
        "source": "Källa",
    },
    "en": {
        "summary": "Summary",
        "deviations": "Deviations",
        "activities": "Activities",
        "answers": "Answers",
        "changes": "Changes",
        "collection": "Collection",
        "findings": "Remarks",
        "unit": "Unit",
        "item": "Activity",
        "part": "Sub-activity",
        "rolled_up": "Rolled-up status",
        "status": "Status",
        "overdue": "Overdue",
        "completeness": "Completeness",
        "unanswered": "Not answered",
        "follows": "See activity",
        "answer": "Answer",
        "answered": "Answered",
        "blank": "No answers",
        "missing": "Missing",
        "nothing": "Nothing to report",
        "unanswered_rows": "Unanswered rows",
        "rows_asked": "Rows to answer",
        "own_rows": "Of these own rows",
        "severity": "Severity",
        "error": "Error",
        "warning": "Warning",
        "origin": "Origin",
        "own": "The unit's own",
        "file": "File",
        "outcome": "Outcome",
        "kind": "Kind",
        "row": "Row",
        "rows_in_form": "Rows in the forms",
        "change": "Change",
        "not_stated": "(not stated)",
        "own_group": "The units' own",
        "quarter": "Quarter",
        "yes": "Yes",
        "source": "Source",
    },
}
STATUSES = {
    "sv": ("Genomfört", "Pågående", "Kvarstår", "Kan komma att försenas", "Förskjuts", "Utgår"),
    "en": ("Done", "Ongoing", "Remains", "May be delayed", "Postponed", "Cancelled"),
}
DEVIATING, FINAL = (3, 4, 5), (0, 5)
"""Positions in `STATUSES`."""

NUMBER_WORDS = {
    "sv": ["noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"],
    "en": [
        "none",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ],
}
ALSO = {"ett": 1, "båda": 2, "both": 2}


def numbers_in(text: str, language: str, *, with_one: bool = True) -> list[int]:
    """Return the numbers of a text, in figures or words; without `with_one` not those that may be articles."""
    values = {word: number for number, word in enumerate(NUMBER_WORDS[language])} | ALSO
    known = {word: number for word, number in values.items() if with_one or number > 1}
    found = re.findall(r"\d+|[^\W\d_]+", re.sub(r"\b(?:en del|only some)\b", "", text.lower()))
    return [int(word) if word.isdigit() else known[word] for word in found if word.isdigit() or word in known]


def read_table(opened: Workbook, sheet: str, *headings: str) -> Iterator[Row]:
    """Yield the rows below the first row that has these headings, up to the first blank one."""
    columns: dict[int, str] = {}
    for cells in opened[sheet].iter_rows(values_only=True) if sheet in opened.sheetnames else ():
        texts = ["" if cell is None else str(cell) for cell in cells]
        if not columns and set(headings) <= set(texts):
            columns = {index: text for index, text in enumerate(texts) if text}
        elif columns and sum(bool(texts[index]) for index in columns) < min(2, len(columns)):
            return
        elif columns:
            yield {heading: texts[index] for index, heading in columns.items()}


@dataclass(frozen=True)
class Scope:
    """What is counted: the activities, the sub-activities and those of them whose activity is not there.

    Every row has a status under `rolled_up`, and `late` is the number of activities past their deadline,
    `partly` of those that only some have answered. `partly_by_parts`: of one unit, how many sub-activities of how
    many.
    """

    language: str
    activities: Sequence[Row]
    parts: Sequence[Row]
    lone_parts: Sequence[Row]
    late: int
    partly: int
    partly_by_parts: frozenset[tuple[int, int]] = frozenset()

    def word(self, key: str) -> str:
        return WORDS[self.language][key]

    def counts(self, rows: Iterable[Row]) -> list[int]:
        """Return the numbers of a sentence on some rows: per status that occurs, then others, last unanswered."""
        found = Counter(row[self.word("rolled_up")] for row in rows)
        last = [self.word("follows"), self.word("unanswered")]
        others = sorted(set(found) - {*STATUSES[self.language], *last})
        return [found[label] for label in (*STATUSES[self.language], *others, *last) if found[label]]

    def sentence(self, rows: Sequence[Row]) -> list[int]:
        """Return the numbers of "Av elva aktiviteter är två genomförda …"."""
        counts = self.counts(rows)
        if len(counts) == 1:
            return [2, 2] if len(rows) == 2 else [len(rows)]
        return [len(rows), *counts]

    def with_status(self, rows: Iterable[Row], label: str) -> list[Row]:
        return [row for row in rows if row[self.word("rolled_up")] == label]


class PlainCounts:
    """A consolidated workbook, its tables as rows of texts."""

    def __init__(self, path: Path):
        self.path = path
        self.workbook = load_workbook(path, data_only=True)
        self.language = "sv" if "Sammanfattning" in self.workbook.sheetnames else "en"
        self.words = WORDS[self.language]

    def table(self, sheet: str, *headings: str) -> list[Row]:
        keys = [self.words.get(heading, heading) for heading in headings]
        return list(read_table(self.workbook, self.words[sheet], *keys))

    @cached_property
    def items(self) -> list[Row]:
        return self.table("activities", "Id", "unit")

    @cached_property
    def answers(self) -> list[Row]:
        return self.table("answers", "Id", "unit")

    @cached_property
    def units(self) -> list[Row]:
        return self.table("collection", "unit", "answer", "unanswered_rows")

    @cached_property
    def files(self) -> list[Row]:
        return self.table("collection", "outcome", "file")

    @cached_property
    def findings(self) -> list[Row]:
        return self.table("findings", "severity")

    @cached_property
    def changes(self) -> list[Row]:
        return self.table("changes", "change", "Id")

    @cached_property
    def deviations(self) -> list[Row]:
        return self.table("deviations", "Id")

    @property
    def has_status(self) -> bool:
        return self.words["rolled_up"] in self.items[0]

    def is_part(self, row: Row) -> bool:
        return bool(row.get(self.words["part"]))

    def is_late(self, row: Row) -> bool:
        return row.get(self.words["overdue"]) == self.words["yes"]

    def units_of(self, row: Row) -> list[str]:
        return [unit.strip() for unit in row[self.words["unit"]].split(";") if unit.strip()]

    def name_of(self, row: Row) -> str:
        """Return the first line of what an activity is called."""
        return next(row[heading] for heading in row if heading in ITEMS).split("\n")[0].rstrip(".")

    def key(self, row: Row) -> tuple[str, ...]:
        """Return what an activity and its sub-activities have in common."""
        names = [heading for heading in row if heading in GOALS or heading in ITEMS]
        return tuple(" ".join(row[name].split()).casefold() for name in names)

    @cached_property
    def whole(self) -> Scope:
        """The whole round, from the table of activities."""
        partly = [row for row in self.items if row.get(self.words["completeness"]) and not self.is_part(row)]
        return self._scope(self.items, None, len(partly))

    def unit_scope(self, unit: str) -> Scope:
        """What one unit answered about, its statuses from the table of answers."""
        status = {row["Id"]: row for row in self.answers if row[self.words["unit"]] == unit}
        heading, unanswered = self.words["rolled_up"], self.words["unanswered"]
        rows = [
            {**row, heading: status[row["Id"]].get(heading, "") if row["Id"] in status else unanswered}
            for row in self.items
            if unit in self.units_of(row)
        ]
        asked = next(row for row in self.units if row[self.words["unit"]] == unit)
        known = {row_id for row_id, row in status.items() if row.get(self.words["status"]) in self.known_statuses}
        partly: list[tuple[int, int]] = []
        for row in rows:
            parts = [part for part in rows if self.is_part(part) and self.key(part) == self.key(row)]
            answered = sum(part["Id"] in known for part in parts)
            if not self.is_part(row) and row["Id"] not in known and 0 < answered < len(parts):
                partly.append((answered, len(parts)))
        return self._scope(rows, int(asked.get(self.words["overdue"]) or 0), len(partly), frozenset(partly))

    def _scope(
        self,
        rows: Sequence[Row],
        late: int | None,
        partly: int,
        by_parts: frozenset[tuple[int, int]] = frozenset(),
    ) -> Scope:
        activities = [row for row in rows if not self.is_part(row)]
        parts = [row for row in rows if self.is_part(row)]
        keys = {self.key(row) for row in activities}
        return Scope(
            self.language,
            activities,
            parts,
            [row for row in parts if self.key(row) not in keys],
            sum(map(self.is_late, activities)) if late is None else late,
            partly,
            by_parts,
        )

    @cached_property
    def part_sentences(self) -> set[str]:
        """The sentences of the table of activities that count the sub-activities of each."""
        headings = ("Delaktiviteter i ord", "Sub-activities in words")
        return {row[heading] for row in self.items for heading in headings if row.get(heading)}

    @cached_property
    def known_statuses(self) -> set[str]:
        """The statuses of the template, which have a column each in the summary."""
        cells = {cell for row in self.workbook[self.words["summary"]].iter_rows(values_only=True) for cell in row}
        return cells & set(STATUSES[self.language])

    def unanswered_rows(self, unit: str) -> int:
        """Return how many rows of the plan a unit has not answered, by its answers and the parts of each."""
        heading, known = self.words["status"], self.known_statuses
        statuses = {
            row["Id"]: row[heading] for row in self.answers if row[self.words["unit"]] == unit and heading in row
        }
        asked = [
            row
            for row in self.items
            if unit in self.units_of(row) and row.get(self.words["origin"]) != self.words["own"]
        ]
        has_status = {row["Id"]: statuses.get(row["Id"], "") in known for row in asked}
        count = 0
        for row in asked:
            family = [other for other in asked if other is not row and self.key(other) == self.key(row)]
            if self.is_part(row):
                covered = any(has_status[other["Id"]] for other in family if not self.is_part(other))
            else:
                parts = [has_status[other["Id"]] for other in family if self.is_part(other)]
                covered = bool(parts) and all(parts)
            count += not (has_status[row["Id"]] or covered)
        return count


ITEMS = {"Aktivitet", "Activity", "Post", "Item"}
GOALS = {
    *("Perspektiv", "Kommunövergripande mål", "Nämndmål", "Område"),
    *("Perspective", "Overall goal", "Board goal", "Area"),
}
"""Headings of the levels above the sub-activity."""
