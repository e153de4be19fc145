"""Walks every number of a consolidated workbook that counts something, and what terminal and JSON say of the run.

Each is held against a plain count of the tables. What only repeats an answer (amounts, dates, ids) is none.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from support.plain_counts import STATUSES, PlainCounts, Row, numbers_in
from support.walk_report import CHANGES, DATE, LISTED

LABELS = {
    "sv": {
        "asked": "Enheter som tillfrågats",
        "answered": "– har svarat",
        "nothing": "– har inget att rapportera",
        "blank": "– har skickat in utan svar",
        "missing": "– saknas",
        "unanswered": "Obesvarade rader",
        "errors": "Fel att rätta",
        "warnings": "Varningar att bedöma",
        "deviations": "Rader att läsa bland avvikelserna",
        "incomplete": "Ofullständigt besvarade aktiviteter",
        "own": "Enheternas egna",
        "followers": "Delaktiviteter utan egen status (se aktivitet)",
        "changed": "Rader som har ändrats sedan",
        "not_computed": "Poster där",
        "share": "Andel",
        "total": "Summa",
        "parts": "Delaktiviteter",
        "items": "Aktiviteter",
        "all_answers": "Alla svar",
        "other": "Annat eller tomt",
        "amounts": "Belopp",
        "by_unit": "Status per enhet",
        "by": "Status per ",
        "in_words": "I ord",
        "own_group": "Enheternas egna",
    },
    "en": {
        "asked": "Units asked",
        "answered": "– have answered",
        "nothing": "– have nothing to report",
        "blank": "– have sent in no answers",
        "missing": "– are missing",
        "unanswered": "Unanswered rows",
        "errors": "Errors to correct",
        "warnings": "Warnings to judge",
        "deviations": "Rows to read among the deviations",
        "incomplete": "Incompletely answered activities",
        "own": "The units' own",
        "followers": "Sub-activities without a status of their own (see activity)",
        "changed": "Rows that have changed since",
        "not_computed": "Items where",
        "share": "Share",
        "total": "Total",
        "parts": "Sub-activities",
        "items": "Activities",
        "all_answers": "All answers",
        "other": "Other or blank",
        "amounts": "Amounts",
        "by_unit": "Status by unit",
        "by": "Status by ",
        "in_words": "In words",
        "own_group": "The units' own",
    },
}


class SheetWalk:
    """The sheets of one consolidated workbook."""

    def __init__(self, counts: PlainCounts):
        self.counts, self.words, self.labels = counts, counts.words, LABELS[counts.language]
        self.faults: list[str] = []
        self.explained = 0

    def hold(self, what: str, found: object, counted: object) -> None:
        self.explained += 1
        if isinstance(found, float) and isinstance(counted, float):
            found, counted = round(found, 9), round(counted, 9)
        if found != counted:
            self.faults.append(f"{what}: {found}, counted {counted}")

    def walk(self) -> list[str]:
        """Return every number of the summary and of the sheet on what came in that is not what it should be."""
        self.walk_summary()
        self.walk_collection()
        self.walk_completeness()
        self.walk_deviations()
        self.walk_part_sentences()
        return self.faults

    def walk_part_sentences(self) -> None:
        """“Av tre delaktiviteter är …” in the row of an activity counts its own sub-activities."""
        counts, whole = self.counts, self.counts.whole
        heading = "Delaktiviteter i ord" if counts.language == "sv" else "Sub-activities in words"
        for row in whole.activities:
            parts = [part for part in whole.parts if counts.key(part) == counts.key(row)]
            if text := row.get(heading, ""):
                self.hold(f"{row['Id']} {text}", numbers_in(text, counts.language), whole.sentence(parts))

    # The summary ---------------------------------------------------------------------------------------------

    def walk_summary(self) -> None:
        sheet = self.counts.workbook[self.words["summary"]]
        heads: list[str] = []
        title = panel = ""
        for row in sheet.iter_rows(min_row=3, values_only=True):
            numbers = [index for index, cell in enumerate(row) if isinstance(cell, int | float)]
            label = str(row[0] or "")
            texts = ["" if cell is None else str(cell) for cell in row]
            if not numbers:
                if texts[1] and texts[2]:
                    heads, panel, title = texts, label, ""
                elif label and not texts[1] and heads:
                    title = label
                self.check_sentences(texts, has_panel=bool(heads))
                continue
            if not heads:
                self.check_key_figure(label, row[1])
                for index in numbers[1:]:
                    self.check_key_figure(next(text for text in reversed(texts[:index]) if text), row[index])
                continue
            for index in numbers:
                self.check_figure(panel, title, label, heads[index], row[index])

    def check_key_figure(self, label: str, figure: object) -> None:
        counts, words = self.counts, self.words
        answers = Counter(row[words["answer"]] for row in counts.units)
        severities = Counter(row[words["severity"]] for row in counts.findings)
        known: Mapping[str, Callable[[], int]] = {
            "asked": lambda: len(counts.units),
            "answered": lambda: answers[words["answered"]],
            "nothing": lambda: answers[words["nothing"]],
            "blank": lambda: answers[words["blank"]],
            "missing": lambda: answers[words["missing"]],
            "unanswered": self.count_unanswered,
            "errors": lambda: severities[words["error"]],
            "warnings": lambda: severities[words["warning"]],
            "deviations": lambda: len(counts.deviations),
            "incomplete": lambda: sum(bool(row.get(words["completeness"])) for row in counts.whole.activities),
            "own": lambda: sum(row.get(words["origin"]) == words["own"] for row in counts.items),
            "followers": lambda: len(counts.whole.with_status(counts.items, words["follows"])),
            "changed": lambda: len(counts.changes),
            "not_computed": self.count_not_computed,
        }
        for key, count in known.items():
            if label == self.labels[key] or (
                key in ("own", "changed", "not_computed") and label.startswith(self.labels[key])
            ):
                self.hold(label, figure, count())
                return
        self.faults.append(f"nobody explains {label}: {figure}")

    def count_unanswered(self) -> int:
        if not self.counts.has_status:
            return sum(int(row[self.words["unanswered_rows"]]) for row in self.counts.units)
        return sum(
            0
            if row[self.words["answer"]] == self.words["nothing"]
            else self.counts.unanswered_rows(row[self.words["unit"]])
            for row in self.counts.units
        )

    def count_not_computed(self) -> int:
        headings = list(self.counts.items[0])
        computed = next(name for name in headings if name in ("Avvikelse", "Deviation"))
        return sum(not row[computed] for row in self.counts.items)

    def check_figure(self, panel: str, title: str, label: str, head: str, figure: object) -> None:
        if panel == self.labels["amounts"]:
            return  # what amounts come to is added up in test_budget
        kinds = LISTED[self.counts.language]
        if (
            head in (*kinds, *CHANGES[self.counts.language])
            and self.labels["total"] not in panel
            and self.is_changes(panel)
        ):
            rows = [
                row
                for row in self.counts.changes
                if bool(row.get(self.words["part"])) == (label == self.labels["parts"])
            ]
            counted = (
                sum(row[self.words["change"]] == head for row in rows)
                if head in CHANGES[self.counts.language]
                else sum(row.get(head) == self.words["yes"] for row in rows)
            )
            self.hold(f"{panel}, {label}, {head}", figure, counted)
        elif self.is_changes(panel):
            rows = [
                row
                for row in self.counts.changes
                if bool(row.get(self.words["part"])) == (label == self.labels["parts"])
            ]
            self.hold(f"{panel}, {label}, {head}", figure, sum(row.get(head) == self.words["yes"] for row in rows))
        elif self.is_statuses(panel):
            rows, late = self.rows_of(title, label)
            self.hold(f"{title} {label}, {head}", figure, self.count_status(rows, late, label, head))
        else:
            self.hold(f"{panel} {title} {label}, {head}", figure, self.count_choice(panel, title, label, head))

    def is_changes(self, panel: str) -> bool:
        return panel.startswith(("Förändringar", "Changes"))

    def is_statuses(self, panel: str) -> bool:
        return panel.endswith(("efter status", "by status"))

    def rows_of(self, title: str, label: str) -> tuple[list[Row], int]:
        """Return the rows that a row of figures is about, and how many of them are late."""
        whole = self.counts.whole
        if not title:
            is_parts = label.startswith(self.labels["parts"])
            follows = self.words["follows"]
            rows = (
                [row for row in whole.parts if row[self.words["rolled_up"]] != follows]
                if is_parts
                else [*whole.activities]
            )
            late = sum(map(self.counts.is_late, whole.parts if is_parts else whole.activities))
            return rows, late
        if title == self.labels["by_unit"]:
            scope = self.counts.unit_scope(label)
            return [*scope.activities], scope.late
        name = title.removeprefix(self.labels["by"]).casefold()
        column = self.words["quarter"] if name in ("slutdatum", "deadline") else name
        rows = [row for row in whole.activities if self.is_in_group(row, column, label)]
        return rows, sum(map(self.counts.is_late, rows))

    def is_in_group(self, row: Row, column: str, label: str) -> bool:
        heading = next(heading for heading in row if heading.casefold() == column.casefold())
        text = row[heading]
        if label == self.words["not_stated"]:
            return not text
        return text.casefold().startswith(label.casefold()) and (text == label or len(label) > 20 or "\n" in text)

    def count_status(self, rows: Sequence[Row], late: int, label: str, head: str) -> int | float:
        share = label == self.labels["share"]
        if head == self.labels["total"]:
            return (1 if rows else 0) if share else len(rows)
        if head == self.words["overdue"]:
            counted = late
        else:
            counted = sum(row[self.words["rolled_up"]].casefold() == head.casefold() for row in rows)
        if not share:
            return counted
        return 0 if not counted else counted / len(rows) if counted != len(rows) else 1

    def count_choice(self, panel: str, title: str, label: str, head: str) -> int:
        """Count the answers to another question of the template, all of them or by a column."""
        rows = self.counts.answers
        if label != self.labels["all_answers"]:
            column = title.rpartition("per ")[2].casefold()
            rows = [row for row in rows if self.is_in_group(row, column, label)]
        if head == self.labels["total"]:
            return len(rows)
        labels = {
            str(cell)
            for cells in self.counts.workbook[self.words["summary"]].iter_rows(values_only=True)
            if cells[0] == panel
            for cell in cells[1:]
            if cell
        }
        if head == self.labels["other"]:
            return sum(row[panel] not in labels for row in rows)
        return sum(row[panel] == head for row in rows)

    def check_sentences(self, texts: Sequence[str], *, has_panel: bool) -> None:
        """The sentences: of the whole round above the figures, of each group below them."""
        text = next((text for text in texts[1 if has_panel else 0 :] if text), "")
        language, whole = self.counts.language, self.counts.whole
        found = numbers_in(DATE.sub(" ", text), language)
        starts = (
            "Av ",
            "Of ",
            "Alla ",
            "All ",
            "En ",
            "One ",
            "För ",
            "For ",
            "Sedan ",
            "Since ",
            "Slutdatum",
            "The deadline",
        )
        if not text.startswith(starts) or text.startswith(("Alla tillfrågade", "All units")):
            return
        if has_panel and not texts[0]:
            return
        if text.startswith(("Sedan", "Since")):
            changes = Counter(
                row[self.words["change"]] for row in self.counts.changes if not row.get(self.words["part"])
            )
            expected = [changes[kind] for kind in CHANGES[language] if changes[kind]]
        elif text.startswith(("För ", "For ")):
            expected = [sum(bool(row.get(self.words["completeness"])) for row in whole.activities)]
        elif text.startswith(("Slutdatum", "The deadline")):
            expected = [whole.late]
        elif has_panel and texts[0]:
            heading = next(heading for heading in self.counts.items[0] if heading != "Id")
            rows = [row for row in whole.activities if self.is_in_group(row, heading, texts[0])]
            expected = whole.sentence(rows)
        else:
            expected = whole.sentence(whole.activities)
        self.explained += len(found)
        if found != expected:
            self.faults.append(f"sentence “{text}”: {found}, counted {expected}")

    # The other sheets ----------------------------------------------------------------------------------------

    def walk_collection(self) -> None:
        counts, words = self.counts, self.words
        states = Counter(row[words["outcome"]] for row in counts.files)
        plural = "Aktiviteter" if counts.language == "sv" else "Activities"
        for row in counts.units:
            unit = row[words["unit"]]
            scope = counts.unit_scope(unit)
            items = plural if plural in row else next(name for name in row if name in ("Poster", "Items"))
            self.hold(f"{unit}: activities", int(row[items]), len(scope.activities))
            own = [each for each in (*scope.activities, *scope.parts) if each.get(words["origin"]) == words["own"]]
            rows = len(scope.activities) + len(scope.parts)
            self.hold(f"{unit}: rows to answer", int(row[words["rows_asked"]]), rows - len(own))
            self.hold(f"{unit}: own rows", int(row.get(words["own_rows"], 0)), len(own))
            self.hold(f"{unit}: sub-activities", int(row.get(self.labels["parts"], 0)), len(scope.parts))
            if counts.has_status:
                nothing = row[words["answer"]] == words["nothing"]
                unanswered = 0 if nothing else counts.unanswered_rows(unit)
                self.hold(f"{unit}: unanswered", int(row[words["unanswered_rows"]]), unanswered)
            single = [each for each in scope.activities if counts.units_of(each) == [unit]]
            if len(single) == len(scope.activities) and words["overdue"] in row:
                self.hold(f"{unit}: late", int(row[words["overdue"]]), sum(map(counts.is_late, single)))
        accounts = counts.table("collection", "Konto" if counts.language == "sv" else "Account")
        found, accounted = list(accounts[0])[3:5]
        self.hold("files", int(accounts[0][found]), sum(states.values()))
        numbers = numbers_in(accounts[0][list(accounts[0])[2]], counts.language)
        self.hold("files, equation", numbers[0], sum(numbers[1:]))
        self.hold(
            "rows", int(accounts[1][found]), sum(int(row[words["rows_in_form"]] or 0) for row in counts.files)
        )
        for row in accounts[:2]:
            self.hold(f"{row[next(iter(row))]} accounted", row[found], row[accounted])

    def walk_completeness(self) -> None:
        """“2 av 3 har svarat”: of the units asked, or of the sub-activities of the only one."""
        known = self.counts.known_statuses
        for row in self.counts.items if self.counts.has_status else ():
            text = row.get(self.words["completeness"], "")
            units = self.counts.units_of(row)
            own = {
                each[self.words["unit"]]: each[self.words["status"]] in known
                for each in self.counts.answers
                if each["Id"] == row["Id"]
            }
            relatives = [
                other
                for other in self.counts.items
                if other is not row and self.counts.key(other) == self.counts.key(row)
            ]
            if text and not relatives:
                self.hold(
                    f"{row['Id']} {text}", numbers_in(text, self.counts.language), [sum(own.values()), len(units)]
                )

    def walk_deviations(self) -> None:
        """The list of deviations has every item with a deviating status or a passed deadline, and no other."""
        if not self.counts.has_status:
            return
        labels = STATUSES[self.counts.language][3:]
        expected = {
            row["Id"]
            for row in self.counts.items
            if row[self.words["rolled_up"]] in labels or self.counts.is_late(row)
        }
        self.hold("ids of deviations", {row["Id"] for row in self.counts.deviations}, expected)


# Terminal and JSON -------------------------------------------------------------------------------------------


def terminal_faults(
    text: str, quotes: Sequence[str], counts: PlainCounts, severities: Mapping[str, int]
) -> Iterator[str]:
    """Yield what the text of a run says otherwise than the workbook, and each number that nobody explains.

    `quotes` are the messages, remedies and places of the findings; `severities` how many there are of each.
    """
    words, labels = counts.words, LABELS[counts.language]
    flat = " ".join(text.split())
    for quote in sorted(filter(str.strip, quotes), key=len, reverse=True):
        flat = flat.replace(" ".join(quote.split()), " ")
    answered = sum(row[words["answer"]] in (words["answered"], words["nothing"]) for row in counts.units)
    states = Counter(row[words["outcome"]] for row in counts.files)
    rows = sum(int(row[words["rows_in_form"]] or 0) for row in counts.files)
    set_aside = sum(row[words["kind"]] == words["row"] for row in counts.table("collection", "kind", "source"))
    unanswered = SheetWalk(counts).count_unanswered()
    patterns: tuple[tuple[str, list[int]], ...] = (
        (r"(?:Svar från|Answers from) \d+ (?:av|of) \d+ \w+", [answered, len(counts.units)]),
        (r"(?:Filer|Files): \w+ \d+ = (?:\S+ \d+ ?\+? ?)+", [sum(states.values()), *_in_order(states, counts)]),
        (
            r"(?:Rader i formulären|Rows in the forms): \w+ \d+ = .*? \d+ \+ .*? \d+",
            [rows, rows - set_aside, set_aside],
        ),
        (rf"{labels['unanswered']}: \d+", [unanswered]),
        (r"\d+ fel\b|\d+ errors?\b", [severities["error"]]),
        (r"\d+ varning(?:ar)?\b|\d+ warnings?\b", [severities["warning"]]),
        (r"\d+ upplysning(?:ar)?\b|\d+ notes?\b", [severities["note"]]),
    )
    for pattern, expected in patterns:
        match = re.search(pattern, flat)
        if match is None:
            if any(expected):
                yield f"{pattern} is not said, counted {expected}"
            continue
        found = [int(number) for number in re.findall(r"\d+", match[0])]
        if found != expected:
            yield f"“{match[0]}”: counted {expected}"
        flat = flat.replace(match[0], " ", 1)
    amount = r"[\d\s.,−-]+"
    flat = re.sub(rf"(?:Summa|Sum of) \w+: {amount} in = {amount} \w+ \+ {amount} ", " ", flat)  # test_budget
    flat = re.sub(r"\b[A-Z]{1,3}\d+(?:–[A-Z]{1,3}\d+)?\b", " ", DATE.sub(" ", flat))  # cells
    flat = re.sub(
        r"(?:och|and) \d+ (?:till|more)", " ", flat
    )  # what is left of a list of cells: test_finding_groups
    if left := re.findall(r"[^.]*\d[^.]*", flat):
        yield f"nobody explains {left}"


def _in_order(states: Counter[str], counts: PlainCounts) -> list[int]:
    names = {
        "sv": ("Inläst", "Avvisad", "Ersatt", "Dubblett", "Överhoppad"),
        "en": ("Read", "Refused", "Superseded", "Duplicate", "Ignored"),
    }
    return [states[name] for name in names[counts.language]]


def json_faults(values: Mapping[str, Any], counts: PlainCounts) -> Iterator[str]:
    """Yield what the JSON of a merge says otherwise than the workbook that it wrote."""
    words = counts.words
    states = Counter(row[words["outcome"]] for row in counts.files)
    answered = [row for row in counts.units if row[words["answer"]] in (words["answered"], words["nothing"])]
    missing = [row[words["unit"]] for row in counts.units if row not in answered]
    rows = sum(int(row[words["rows_in_form"]] or 0) for row in counts.files)
    set_aside = sum(row[words["kind"]] == words["row"] for row in counts.table("collection", "kind", "source"))
    found = {
        "asked": (values["units"]["asked"], len(counts.units)),
        "answered": (values["units"]["answered"], len(answered)),
        "missing": (sorted(values["units"]["missing"]), sorted(missing)),
        "files": (list(values["files"].values()), [sum(states.values()), *_in_order(states, counts)]),
        "rows": (
            list(values["rows"].values()),
            [rows, rows - set_aside, set_aside, SheetWalk(counts).count_unanswered()],
        ),
        "findings": (len(values["findings"]), len(counts.findings)),
    }
    yield from (f"{key}: {said}, counted {counted}" for key, (said, counted) in found.items() if said != counted)
