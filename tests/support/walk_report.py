"""Walks every number of a report and holds it against a plain count of the workbook that it was made from.

The report is taken apart into blocks of text in the order of the page. A block of a kind that counts must have
exactly the numbers that are right; any other may have none but those of texts that people wrote, of dates and of
captions.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lxml import html
from lxml.html import HtmlElement

from support.plain_counts import DEVIATING, STATUSES, PlainCounts, Row, Scope, numbers_in

TEXT = {
    "sv": {
        "late": "Passerat slutdatum",
        "asked": "Svar från enheterna",
        "unanswered": "Obesvarade",
        "deviations": "Avvikelser",
        "figures": "Siffror per",
        "questions": "Tilläggsfråg",
        "more": "… och",
        "since": "Sedan uppföljningen",
        "gone": "Borttagen",
    },
    "en": {
        "late": "Past the deadline",
        "asked": "Answers from the units",
        "unanswered": "Unanswered",
        "deviations": "Deviations",
        "figures": "Figures by",
        "questions": "Additional question",
        "more": "… and",
        "since": "Since the follow-up",
        "gone": "Removed",
    },
}
CONTINUES_YEAR = re.compile(r"(?:fortsätter från|continues from) \d{4}")
"""The year of an earlier plan."""

AMOUNT = re.compile(r"−?\d[\d\s]*(?:,\d+)?\s*%?")
"""An amount of a budget; `test_budget` adds them up."""

PARTS_SENTENCE = {
    "sv": r"(?:Av|Alla|En) (?:\w+ )?delaktivitet(?:er)? [^.]*\.",
    "en": r"(?:Of|All|One) (?:\w+ )?sub-activit(?:y|ies),? [^.]*\.",
}
CHANGES = {
    "sv": ("Genomförd", "Utgår", "Försenad", "Passerat slutdatum", "Ny", "Borttagen"),
    "en": ("Done", "Cancelled", "Delayed", "Overdue", "New", "Removed"),
}
"""The kinds of change that the sentence counts, in its order."""

LISTED = {
    "sv": (*CHANGES["sv"], "Ändrad status", "Ändrad tidpunkt"),
    "en": (*CHANGES["en"], "Changed status", "Changed time"),
}
MAX_NAMED_UNITS = 3
"""Silent units that a headline names."""

ALARMING = {"sv": ("Försenad", "Passerat slutdatum", "Utgår"), "en": ("Delayed", "Overdue", "Cancelled")}

MONTHS = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "October",
    "November",
    "December",
]
DATE = re.compile(
    rf"\b(?:\d{{1,2}} (?:{'|'.join(MONTHS)})(?: \d{{4}})?|\d{{4}}-\d\d-\d\d|(?:Kvartal|Quarter) \d(?: \d{{4}})?)"
)
CAPTION = re.compile(r"^(?:Tabell|Diagram|Table|Chart) (\d+)\. ")


@dataclass
class Block:
    """A piece of text: its tag and class, and the headings (h2, h3) that it stands below."""

    tag: str
    kind: str
    text: str
    element: HtmlElement
    chapter: str = ""
    section: str = ""


def text_of(element: HtmlElement) -> str:
    """Return the text of an element, that of each piece in it apart from the next."""
    return " ".join(" ".join(element.itertext()).split())


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the texts of a page from the first heading on; of charts the words that describe them."""
    chapter = section = ""
    body = html.fromstring(page.read_text(encoding="utf-8")).find("body")
    for element in body.iter():
        if not isinstance(element.tag, str) or any(
            up.tag in ("svg", "script", "style") for up in element.iterancestors()
        ):
            continue
        if element.tag == "h2":
            chapter, section = text_of(element), ""
        elif element.tag == "h3":
            section = text_of(element)
        if element.get("role") == "img":
            yield Block("chart", "", element.get("aria-label", ""), element, chapter, section)
        if element.tag == "svg":
            texts = [
                " ".join(each.itertext())
                for each in element.iter()
                if each.tag == "text" or each.tag.endswith("}text")
            ]
            yield Block("svg", "", "\n".join(texts), element, chapter, section)
        if element.tag in ("h1", "h2", "h3", "h4", "p", "caption", "figcaption", "tr", "label", "legend", "li"):
            if any(up.tag in ("tr", "li") for up in element.iterancestors()):
                continue
            yield Block(element.tag, element.get("class", ""), text_of(element), element, chapter, section)


@dataclass
class ReportWalk:
    """One report and what it must say. `scope`: the whole round or one unit; `only`: it is the short report."""

    page: Path
    counts: PlainCounts
    scope: Scope
    unit: str = ""
    only: bool = False
    faults: list[str] = field(default_factory=list)
    explained: int = 0

    def __post_init__(self) -> None:
        self.language = self.scope.language
        self.blocks = list(blocks_of(self.page))
        self.headline = next(block.text for block in self.blocks if block.tag == "h2")

    # Texts that people wrote ---------------------------------------------------------------------------------

    @cached_property
    def quotes(self) -> list[str]:
        """All texts of the tables, their lines and sentences that hold a number, the longest first."""
        found: set[str] = {self.counts.path.stem}
        for sheet in self.counts.workbook.worksheets:
            if sheet.title == self.counts.words["summary"]:
                continue
            for row in sheet.iter_rows(values_only=True):
                for cell in row:
                    if (
                        isinstance(cell, str)
                        and re.search(r"[^\W\d]", cell)
                        and cell not in self.counts.part_sentences
                    ):
                        found.add(cell)
                        for line in cell.split("\n"):
                            found |= {
                                line,
                                line.rstrip("."),
                                line.lstrip(" -–•*"),
                                *re.split(r"(?<=[^\s.][.!?])\s+", line),
                            }
                            found |= set(re.split(r": ", line, maxsplit=1))
        found |= {str(self.counts.workbook[self.counts.words["summary"]][cell].value) for cell in ("A1", "A2")}
        texts = {" ".join(text.split()) for text in found}
        return sorted(
            (text for text in texts if numbers_in(text, self.language, with_one=False)), key=len, reverse=True
        )

    def own_numbers(self, text: str, *, with_one: bool = False) -> list[int]:
        """Return the numbers of a text that are the program's own: no quotation, no date."""
        for quote in self.quotes:
            if len(quote) > 3:
                text = text.replace(quote, " ")
        text = CONTINUES_YEAR.sub(" ", text)
        for answered, asked in self.scope.partly_by_parts:
            text = re.sub(rf"\b{answered} (?:av|of) {asked} (?:delaktiviteter|sub-activities)", " ", text)
        return numbers_in(DATE.sub(" ", text), self.language, with_one=with_one)

    def expect(self, block: Block, expected: Sequence[int], *, with_one: bool = True) -> None:
        found = self.own_numbers(block.text, with_one=with_one)
        self.explained += len(found)
        if found != list(expected):
            self.faults.append(f"{block.tag} “{block.text[:400]}”: {found}, counted {list(expected)}")

    # The walk ------------------------------------------------------------------------------------------------

    def walk(self) -> list[str]:
        """Return every number that is not what it should be, as sentences."""
        captions: Counter[str] = Counter()
        for block in self.blocks:
            caption = CAPTION.match(block.text)
            if caption and block.tag in ("caption", "figcaption"):
                captions[block.tag] += 1
                if int(caption[1]) != captions[block.tag]:
                    self.faults.append(f"caption {block.text[:40]}: number {captions[block.tag]} expected")
                self.explained += 1
                block.text = CAPTION.sub("", block.text)
            self.check(block)
        return self.faults

    def check(self, block: Block) -> None:  # noqa: PLR0912  (one kind of block after the other)
        words = TEXT[self.language]
        in_responses = block.chapter == words["asked"]
        if block.tag == "h2" and block.text == self.headline:
            self.check_headline(block)
        elif block.kind == "lead":
            self.expect(block, self.lead_numbers(), with_one=self.counts.has_status)
        elif block.kind == "quality":
            self.expect(block, [*self.response_numbers(), *self.error_numbers()], with_one=False)
        elif block.tag == "li" and any(
            "figures" in (up.get("class") or "") for up in block.element.iterancestors()
        ):
            self.explained += 1  # an amount, which other tests add up
        elif block.tag == "chart":
            self.check_chart(block)
        elif block.tag == "svg":
            self.check_drawing(block)
        elif block.tag == "tr" and block.kind == "band":
            self.check_band(block)
        elif block.tag == "tr" and block.chapter.startswith(words["figures"]):
            self.check_count_row(block)
        elif block.tag == "tr" and in_responses:
            self.check_unit_row(block)
        elif block.tag == "label":
            self.check_filter(block)
        elif block.tag == "p" and block.text.startswith(words["more"]):
            self.explained += 1  # held against the list in check_lists
        elif block.tag == "p" and block.chapter.startswith(words["questions"]) and ": " in block.text:
            self.check_answer_counts(block)
        elif block.tag == "p" and in_responses and not block.section and not block.kind:
            self.expect(block, self.response_numbers(), with_one=False)
        elif block.tag == "p" and self.is_group_sentence(block):
            rows = self.group_rows(block.chapter)
            self.expect(block, self.group_numbers(rows))
        elif block.tag == "tr" or (block.tag == "li" and not self.counts.has_status):
            self.check_item_row(block)
        elif block.tag == "p" and not self.counts.has_status and block.chapter.startswith(self.headline):
            self.explained += 1
        else:
            self.expect(block, [], with_one=False)

    # Sentences -----------------------------------------------------------------------------------------------

    def group_numbers(self, rows: Sequence[Row]) -> list[int]:
        part = self.scope.word("part")
        lone_ids = {row["Id"] for row in self.scope.lone_parts}
        activities = [row for row in rows if not row.get(part)]
        lone = [row for row in rows if row["Id"] in lone_ids]
        return [
            *(self.scope.sentence(activities) if activities else []),
            *(self.scope.sentence(lone) if lone else []),
        ]

    def check_headline(self, block: Block) -> None:
        """The headline: how many deviate of how many, how many are late, and how many units are silent."""
        silent = [unit for unit in self.silent_units() if not self.unit or unit == self.unit]
        numbers: list[int] = []
        if not self.counts.has_status:
            self.explained += 1
            text = re.sub(r"^[^:]*: −?[\d\s]+(?:[,.]\d+)?\s*\w*\. ", "", block.text)
            beyond = [row for row in self.counts.deviations if not self.unit]
            numbers = (
                [len(beyond), len(self.scope.activities)] if not self.unit else numbers_in(text, self.language)
            )
            block = Block(block.tag, block.kind, text, block.element)
        elif len(silent) < (1 if self.unit else len(self.counts.units)):
            rows = self.scope.activities or self.scope.lone_parts
            labels = [STATUSES[self.language][index] for index in DEVIATING]
            deviating = sum(len(self.scope.with_status(rows, label)) for label in labels)
            late = self.scope.late if self.scope.activities else self.marked_late()
            numbers += [deviating, len(rows)] if deviating else []
            numbers += ([late] if deviating else [late, len(rows)]) if late else []
            if not numbers and self.scope.activities:
                of_parts = sum(len(self.scope.with_status(self.scope.parts, label)) for label in labels)
                numbers += [of_parts, len(self.scope.parts)] if of_parts else []
        if len(silent) > MAX_NAMED_UNITS:
            everybody = len(silent) == len(self.counts.units)
            numbers += [len(silent)] if everybody else [len(silent), len(self.counts.units)]
        self.expect(block, numbers, with_one=False)

    def silent_units(self) -> list[str]:
        words = self.counts.words
        answered = (words["answered"], words["nothing"])
        return [row[words["unit"]] for row in self.counts.units if row[words["answer"]] not in answered]

    def marked_late(self) -> int:
        """Return how many rows of the table of deviations are marked as late."""
        marks = ("Slutdatumet har passerat", "The deadline has passed")
        rows = [
            each for each in self.blocks if each.tag == "tr" and each.chapter == TEXT[self.language]["deviations"]
        ]
        return sum(any(mark in each.text for mark in marks) for each in rows)

    def lead_numbers(self) -> list[int]:
        scope = self.scope
        if not self.counts.has_status:
            numbers = self.own_numbers(next(block.text for block in self.blocks if block.kind == "lead"))
            return [n for n in (len(scope.activities), *numbers[1:]) if n > 1 or numbers]
        rows = [*scope.activities, *scope.lone_parts]
        changes = self.change_numbers() if self.counts.changes else []
        return [*self.group_numbers(rows), *([scope.partly] if scope.partly else []), *changes]

    def error_numbers(self) -> list[int]:
        words = self.counts.words
        errors = [row for row in self.counts.findings if row[words["severity"]] == words["error"]]
        errors = [row for row in errors if not self.unit or row.get(words["unit"]) == self.unit]
        shown = {row["Id"] for row in (*self.scope.activities, *self.scope.parts)}
        marked = sum(row.get("Id") in shown for row in errors)
        first = [len(errors)] if len(errors) > 1 else []  # one is written as a word
        return [*first, *([marked] if 0 < marked < len(errors) and not self.only else [])]

    def response_numbers(self) -> list[int]:
        if len(self.counts.units) == 1 or self.unit:
            return []
        answered = self.answered_units()
        whole = len(self.counts.units)
        return [n for n in ([whole] if answered == whole else [answered, whole]) if True]

    def answered_units(self) -> int:
        words = self.counts.words
        return sum(row[words["answer"]] in (words["answered"], words["nothing"]) for row in self.counts.units)

    def unit_changes(self) -> list[Row]:
        unit = self.counts.words["unit"]
        return [
            row
            for row in self.counts.changes
            if not self.unit or (self.unit in self.counts.units_of(row) and row[unit])
        ]

    def change_numbers(self) -> list[int]:
        words = self.counts.words
        found = Counter(row[words["change"]] for row in self.unit_changes() if not row.get(words["part"]))
        return [found[kind] for kind in CHANGES[self.language] if found[kind]]

    def listed_change_parts(self) -> list[Row]:
        words = self.counts.words
        return [
            row
            for row in self.unit_changes()
            if row.get(words["part"]) and row[words["change"]] in ALARMING[self.language]
        ]

    def listed_changes(self) -> list[Row]:
        words = self.counts.words
        kinds = LISTED[self.language]
        whole = [
            row for row in self.unit_changes() if not row.get(words["part"]) and row[words["change"]] in kinds
        ]
        return [*whole, *self.listed_change_parts()]

    def matching(self, heading: str) -> tuple[list[Row], list[Row]]:
        """Return the activities and sub-activities that a list of the summary has."""
        scope = self.scope
        if heading == TEXT[self.language]["late"]:
            late = self.counts.is_late
            return [row for row in scope.activities if late(row)], [row for row in scope.parts if late(row)]
        return scope.with_status(scope.activities, heading), scope.with_status(scope.parts, heading)

    def check_band(self, block: Block) -> None:
        """A row above a group: as many rows below it as it says, and as many as a filter of the table gives."""
        words = TEXT[self.language]
        rows = list(block.element.getparent())[1:]
        title, _, counted = block.text.rpartition(": ")
        numbers = numbers_in(counted, self.language)
        if block.chapter == words["deviations"]:
            expected = self.deviation_numbers(title, len(rows))
        elif block.chapter.startswith(words["since"]):
            found = [row for row in self.listed_changes() if row[self.counts.words["change"]] == title]
            parts = sum(self.counts.is_part(row) for row in found)
            expected = [n for n in (len(found) - parts, parts) if n]
        elif block.chapter.startswith(words["questions"]):
            expected = [len(rows)]
        elif self.counts.has_status or not title:
            self.expect(block, [], with_one=False)  # the name of a goal
            return
        else:
            expected = [len(rows) if self.unit else len(self.counts.deviations)]
        self.hold(f"rows below {block.text}", len(rows), sum(numbers))
        self.explained += len(numbers)
        if numbers != expected:
            self.faults.append(f"band “{block.text}”: {numbers}, counted {expected}")

    def deviation_numbers(self, title: str, row_count: int) -> list[int]:
        """Return how many activities and sub-activities have a deviating status, or are late and have none."""
        labels = [STATUSES[self.language][index] for index in DEVIATING]
        if title == TEXT[self.language]["late"]:
            activities, parts = (
                [row for row in rows if row[self.scope.word("rolled_up")] not in labels]
                for rows in self.matching(title)
            )
            if self.unit:
                return [n for n in self.late_of_unit(row_count) if n]
        else:
            label = title.rsplit("\u00a0", maxsplit=1)[-1].split(" ", 1)[-1] if title[0] in "▲►✖" else title
            activities, parts = self.matching(label)
        return [n for n in (len(activities), len(parts)) if n]

    def late_of_unit(self, row_count: int) -> list[int]:
        """Return how many activities of a unit are late without another deviation, and the rest of the rows."""
        rows = [
            each
            for each in self.blocks
            if each.tag == "tr" and each.chapter == TEXT[self.language]["deviations"] and each.kind != "band"
        ]
        marks = ("Slutdatumet har passerat", "The deadline has passed")
        names = [" ".join(self.counts.name_of(row).split()) for row in self.scope.activities]
        labels = [STATUSES[self.language][index] for index in DEVIATING]
        others = {
            " ".join(self.counts.name_of(row).split())
            for row in self.scope.activities
            if row[self.scope.word("rolled_up")] in labels
        }
        late = [
            name
            for name in names
            if name not in others
            and any(each.text.startswith(name) and any(mark in each.text for mark in marks) for each in rows)
        ]
        return [len(late), row_count - len(late)]

    def check_answer_counts(self, block: Block) -> None:
        """“Svar: Ja 12, Nej 3.”: as many cells of the sheet of answers say so."""
        found = re.findall(r"([^:,]+?) (\d+)(?=[,.])", block.text.split(": ", 1)[1])
        for answer, number in found:
            cells = Counter(cell for row in self.scope_answers() for cell in row.values())
            self.hold(f"answer {answer}", int(number), cells[answer.strip()])

    def scope_answers(self) -> list[Row]:
        unit = self.counts.words["unit"]
        return [row for row in self.counts.answers if not self.unit or row[unit] == self.unit]

    # Tables and figures --------------------------------------------------------------------------------------

    def counts_of(self, rows: Sequence[Row], labels: Sequence[str]) -> list[int]:
        found = Counter(row[self.scope.word("rolled_up")] for row in rows)
        return [found[label] for label in labels]

    def check_chart(self, block: Block) -> None:
        """A chart says “label number; label number” or, per group, “group: label number, …”."""
        scope = self.scope
        text = block.text.split(". ", 1)[-1] if not block.text.startswith(("Diagram", "Chart")) else ""
        if not text:
            self.expect(Block("p", "", CAPTION.sub("", block.text), block.element), [], with_one=False)
            return
        if not self.counts.has_status:
            self.explained += 1  # amounts, which other tests add up
            return
        if ":" not in text:
            for label, number in re.findall(r"([^;.]+?) (\d+)(?:;|\.|$)", text):
                self.hold(f"chart {label}", int(number), len(scope.with_status(scope.activities, label.strip())))
            return
        for name in self.group_names():
            described = re.search(rf"{re.escape(' '.join(name.split()))}: ([^.]*)\.", text)
            rows = [row for row in self.group_rows(name) if not row.get(scope.word("part"))]
            if described is None:
                self.hold(f"chart {name}", 0, len(rows))
                continue
            for label, number in re.findall(r"([^,]+?) (\d+)(?:,|$)", described[1]):
                self.hold(f"chart {name} {label}", int(number), len(scope.with_status(rows, label.strip())))

    def hold(self, what: str, found: int, counted: int) -> None:
        self.explained += 1
        if found != counted:
            self.faults.append(f"{what}: {found}, counted {counted}")

    def check_drawing(self, block: Block) -> None:
        """The numbers that are drawn are those of the words beside it: every status, and the sum of each bar."""
        drawn = Counter(int(text) for text in block.text.split("\n") if text.isdigit())
        scope = self.scope
        if not self.counts.has_status:
            return
        label = next(
            (up.get("aria-label", "") for up in block.element.iterancestors() if up.get("aria-label")), ""
        )
        per_group = ":" in label
        groups = [self.group_rows(name) for name in self.group_names()] if per_group else [list(scope.activities)]
        expected: Counter[int] = Counter()
        for rows in groups:
            activities = [row for row in rows if not row.get(scope.word("part"))]
            statuses = Counter(row[scope.word("rolled_up")] for row in activities)
            numbers = [n for n in statuses.values() if n]
            expected += Counter([*numbers, *([len(activities)] if per_group else [])])
        if per_group:
            self.explained += sum(drawn.values())
            extra = {number for number in drawn if number not in expected and number}
            if extra:
                self.faults.append(f"drawing: {sorted(extra)} is no count")
        else:
            self.explained += sum(drawn.values())
            if Counter({k: v for k, v in drawn.items() if k}) != expected:
                self.faults.append(f"drawing: {sorted(drawn.elements())}, counted {sorted(expected.elements())}")

    def check_count_row(self, block: Block) -> None:
        """A row of the table of counts: the group, a number per status, the sum, and how many are late."""
        cells = [text_of(cell) for cell in block.element]
        if not self.counts.has_status:
            self.explained += len(numbers_in(block.text, self.language))
            return  # amounts, which other tests add up
        if not any(cell.isdigit() for cell in cells):
            self.expect(block, [], with_one=False)
            return
        table = next(up for up in block.element.iterancestors() if up.tag == "table")
        heads = [text_of(cell) for cell in table.find("thead").find("tr")]
        whole = cells[0] in ("Summa", "Total") or len(self.group_names()) == 1
        rows = self.scope.activities if whole else self.group_rows(cells[0])
        rows = [row for row in rows if not row.get(self.scope.word("part"))]
        for head, cell in zip(heads[1:], cells[1:], strict=True):
            if head in ("Summa", "Total"):
                counted = len(rows)
            elif head == TEXT[self.language]["late"]:
                late = self.scope.late if whole and self.unit else sum(map(self.counts.is_late, rows))
                counted = int(cell) if self.unit and not whole else late
            else:
                counted = len(self.scope.with_status(rows, head))
            self.hold(f"table {cells[0]} {head}", int(cell), counted)

    def check_unit_row(self, block: Block) -> None:
        cells = [text_of(cell) for cell in block.element]
        if not cells[-1].isdigit():
            self.expect(block, [], with_one=False)
            return
        words = self.counts.words
        unit = next(row for row in self.counts.units if row[words["unit"]] == cells[0])
        self.hold(f"unit {cells[0]}: answer", int(cells[1] == unit[words["answer"]]), 1)
        self.hold(f"unit {cells[0]}: activities", int(cells[2]), len(self.counts.unit_scope(cells[0]).activities))
        nothing = unit[words["answer"]] == words["nothing"]
        unanswered = int(unit[words["unanswered_rows"]]) if not self.counts.has_status else None
        if unanswered is None:
            unanswered = 0 if nothing else self.counts.unanswered_rows(cells[0])
        self.hold(f"unit {cells[0]}: unanswered", int(cells[3]), unanswered)

    def check_filter(self, block: Block) -> None:
        """“Pågående (42)”: as many rows of the tables can be filtered by it."""
        found = re.search(r"\((\d+)\)$", block.text)
        control = block.element.xpath(".//input | preceding-sibling::input[1]")
        value = control[-1].get("value") if control else None
        body = html.fromstring(self.page.read_text(encoding="utf-8"))
        rows = [
            row
            for row in body.iter("tr")
            if row.get("data-status") == value and "more" not in (row.get("class") or "")
        ]
        if found is None:
            self.expect(block, [], with_one=False)
            return
        self.hold(f"filter {block.text}", int(found[1]), len(rows))
        ids = (*self.scope.activities, *self.scope.parts)
        if not self.counts.has_status:
            self.faults.append(f"filter {block.text}: there are no statuses to filter by")
        assert ids

    def check_item_row(self, block: Block) -> None:
        """A row about a plan item may say of how many units, and how many have answered; the rest is quoted."""
        block.text = self.take_out_units(block.text)
        text = (
            re.sub(r"\b(\d+) (?:enheter|units)\b", " ", block.text) if self.item_units_hold(block) else block.text
        )
        if not self.counts.has_status:
            text = AMOUNT.sub(" ", text)
        text = self.take_out_parts(text)
        self.expect(Block("tr", "", text, block.element), [], with_one=False)

    def take_out_units(self, text: str) -> str:
        """Return a row's text without how many units gave each status, where that is right."""
        words = self.counts.words
        rows = [row for row in self.counts.items if self.first_line_of(row) in text]
        for label in STATUSES[self.language]:
            found = re.search(rf"{label} (\d+) (?:enheter|units)\b", text)
            counts = {
                sum(each["Id"] == row["Id"] and each.get(words["status"]) == label for each in self.counts.answers)
                for row in rows
            }
            if found and int(found[1]) in counts:
                self.explained += 1
                text = text.replace(found[0], label)
        return text

    def first_line_of(self, row: Row) -> str:
        """Return what a row of the table of activities is called in the report: its sub-activity, else itself."""
        name = (row.get(self.counts.words["part"]) or "").split("\n")[0] or self.counts.name_of(row)
        return " ".join(name.split())

    def take_out_parts(self, text: str) -> str:
        """Return a row's text without the sentence that counts its sub-activities, if that is right."""
        for activity in self.scope.activities:
            if not text.startswith(" ".join(self.counts.name_of(activity).split())):
                continue
            parts = [row for row in self.scope.parts if self.counts.key(row) == self.counts.key(activity)]
            sentence = re.search(PARTS_SENTENCE[self.language], text)
            if sentence and parts and numbers_in(sentence[0], self.language) == self.scope.sentence(parts):
                self.explained += 1
                return text.replace(sentence[0], " ")
        return text

    def item_units_hold(self, block: Block) -> bool:
        found = re.search(r"\b(\d+) (?:enheter|units)\b", block.text)
        if found is None:
            return True
        rows = [row for row in self.counts.items if " ".join(self.counts.name_of(row).split()) in block.text]
        return any(len(self.counts.units_of(row)) == int(found[1]) for row in rows)

    # Groups and lists ----------------------------------------------------------------------------------------

    @cached_property
    def first_level(self) -> str:
        return next(iter(heading for heading in self.counts.items[0] if heading != "Id"))

    def group_name(self, row: Row) -> str:
        text = row[self.first_level].split("\n")[0].strip()
        return text or self.blank_name

    @cached_property
    def blank_name(self) -> str:
        words = self.counts.words
        blank = [row for row in (*self.scope.activities, *self.scope.lone_parts) if not row[self.first_level]]
        if blank and all(row.get(words["origin"]) == words["own"] for row in blank):
            plural = "aktiviteter" if self.language == "sv" else "activities"
            plural = "poster" if not self.counts.has_status and self.language == "sv" else plural
            return f"{words['own_group']} {plural}"
        return words["not_stated"]

    def group_names(self) -> list[str]:
        rows = sorted((*self.scope.activities, *self.scope.lone_parts), key=lambda row: row["Id"])
        return list(dict.fromkeys(self.group_name(row) for row in rows))

    def group_rows(self, name: str) -> list[Row]:
        key = " ".join(name.split()).casefold()
        rows = (*self.scope.activities, *self.scope.lone_parts)
        return [row for row in rows if " ".join(self.group_name(row).split()).casefold() == key]

    def is_group_sentence(self, block: Block) -> bool:
        is_below = not block.section and block.chapter in self.group_names() and not block.kind
        return is_below and self.counts.has_status and not self.only

    def check_lists(self) -> None:
        """The list of what is unanswered is as long as its number, or says what is left; every deviation and every
        change that counts has its row."""
        words, scope = TEXT[self.language], self.scope
        if not self.counts.has_status:
            return
        rows = {
            name: [each for each in self.blocks if each.tag == "tr" and each.chapter.startswith(words[name])]
            for name in ("deviations", "since")
        }
        listed = [each for each in rows["deviations"] if each.kind != "band"]
        labels = [STATUSES[self.language][index] for index in DEVIATING]
        expected = [row for label in labels for found in self.matching(label) for row in found]
        if not self.unit:
            late = [row for found in self.matching(words["late"]) for row in found]
            expected += [row for row in late if row not in expected]
            self.hold("rows of deviations", len(listed) - bool(listed), len(expected))
        changed = [each for each in rows["since"] if each.kind != "band"]
        if not self.only:
            self.hold("rows of changes", len(changed) - bool(changed), len(self.listed_changes()))
        if self.only or self.unit:
            return
        sections: dict[tuple[str, str], list[Block]] = {}
        for block in self.blocks:
            sections.setdefault((block.chapter, block.section), []).append(block)
        unanswered = scope.with_status(scope.activities, scope.word("unanswered"))
        found = [key for key in sections if key[0] == words["asked"] and key[1].startswith(words["unanswered"])]
        assert bool(found) == bool(unanswered), "no list of what is unanswered"
        for key in found:
            self.hold_list(key[1], sections[key], len(unanswered))

    def hold_list(self, what: str, blocks: Sequence[Block], expected: int) -> None:
        items = sum(block.tag == "li" for block in blocks)
        more = [block for block in blocks if block.text.startswith(TEXT[self.language]["more"])]
        left = sum(numbers_in(block.text, self.language)[0] for block in more)
        self.hold(what, items + left, expected)
