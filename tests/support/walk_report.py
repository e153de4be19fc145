"""Walks every number of a report and holds it against a plain count of the workbook that it was made from.

The report is taken apart into blocks of text in the order of the page. A block of a kind that counts must have
exactly the numbers that are right; any other may have none but those of texts that people wrote, of dates and of
captions.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lxml import html
from lxml.html import HtmlElement

from support.plain_counts import DEVIATING, FINAL, STATUSES, PlainCounts, Row, Scope, numbers_in

TEXT = {
    "sv": {
        "late": "Passerat slutdatum",
        "asked": "Vilka som har tillfrågats och svarat",
        "unanswered": "Obesvarade",
        "summary": "Sammanfattning",
        "errors": "Svaren har",
        "more": "… och",
        "shown": "Här visas bara",
        "list_also": "Listan tar också upp",
        "since": "Sedan uppföljningen",
        "gone": "Borttagen",
    },
    "en": {
        "late": "Past the deadline",
        "asked": "Who was asked, and who has answered",
        "unanswered": "Unanswered",
        "summary": "Summary",
        "errors": "The answers have",
        "more": "… and",
        "shown": "Only what deviates",
        "list_also": "The list also has",
        "since": "Since the follow-up",
        "gone": "Removed",
    },
}
CONTINUES = re.compile(r"(?:fortsätter från|continues from) [\w-]+")
"""The id of an activity of an earlier plan."""

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
    "sv": (*CHANGES["sv"], "Ändrad status", "Ändrad tid"),
    "en": (*CHANGES["en"], "Changed status", "Changed time"),
}
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
        text = CONTINUES.sub(" ", text)
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
        in_summary = block.chapter == words["summary"]
        in_responses = block.chapter == words["asked"]
        if block.kind == "lead":
            self.expect(block, self.lead_numbers())
        elif block.tag == "p" and block.text.startswith(words["errors"]):
            self.expect(block, self.error_numbers())
        elif block.tag == "li" and any(
            "figures" in (up.get("class") or "") for up in block.element.iterancestors()
        ):
            self.check_figure(block)
        elif block.tag == "chart":
            self.check_chart(block)
        elif block.tag == "svg":
            self.check_drawing(block)
        elif block.tag == "tr" and in_summary:
            self.check_count_row(block)
        elif block.tag == "tr" and in_responses:
            self.check_unit_row(block)
        elif block.tag == "label":
            self.check_filter(block)
        elif block.tag == "p" and block.text.startswith(words["shown"]):
            self.expect(block, self.shown_numbers(), with_one=True)
        elif block.tag == "p" and block.text.startswith(words["more"]):
            self.explained += 1  # held against the list in check_lists
        elif block.tag == "p" and block.text.startswith(words["list_also"]):
            self.expect(block, [len(self.listed_change_parts())])
        elif block.tag == "p" and block.section.startswith(words["since"]) and in_summary and not block.kind:
            self.expect(block, self.change_numbers()) if is_change_sentence(block, words) else self.expect(
                block, []
            )
        elif block.tag == "p" and in_summary and block.text.endswith(":"):
            late_of_unit = self.unit and block.section == words["late"]
            numbers = self.late_numbers_of_unit(block) if late_of_unit else self.list_numbers(block.section)
            self.expect(block, numbers)
        elif block.tag == "p" and in_responses and not block.section:
            self.expect(block, self.response_numbers(), with_one=False)
        elif block.tag == "p" and self.is_group_sentence(block):
            rows = self.group_rows(block.chapter)
            self.expect(block, self.group_numbers(rows))
        elif block.tag == "tr" or (block.tag == "li" and not self.counts.has_status):
            self.check_item_row(block)
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

    def lead_numbers(self) -> list[int]:
        scope = self.scope
        if not self.counts.has_status:
            return [len(scope.activities)]
        rows = [*scope.activities, *scope.lone_parts]
        return [*self.group_numbers(rows), *[n for n in (scope.partly, scope.late) if n]]

    def error_numbers(self) -> list[int]:
        words = self.counts.words
        errors = [row for row in self.counts.findings if row[words["severity"]] == words["error"]]
        errors = [row for row in errors if not self.unit or row.get(words["unit"]) == self.unit]
        shown = {row["Id"] for row in (*self.scope.activities, *self.scope.parts)}
        marked = sum(row.get("Id") in shown for row in errors)
        return [len(errors), *([marked] if 0 < marked < len(errors) and not self.only else [])]

    def shown_numbers(self) -> list[int]:
        words, scope = self.counts.words, self.scope
        listed = {row["Id"] for row in self.counts.deviations} if not self.unit else set()
        activities = [row for row in scope.activities if row["Id"] in listed]
        parts = [row for row in scope.parts if row["Id"] in listed]
        keys = {self.counts.key(row) for row in parts}
        extra = [row for row in scope.activities if row["Id"] not in listed and self.counts.key(row) in keys]
        numbers = [len(activities), len(scope.activities)]
        assert words
        return [*numbers, *([len(parts)] if parts else []), *([len(extra)] if extra else [])]

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

    def late_numbers_of_unit(self, block: Block) -> list[int]:
        """Return how many activities are late for the unit, and the rest of the list below: its sub-activities."""
        listed = sum(each.tag == "li" and each.section == block.section for each in self.blocks)
        return [*([self.scope.late] if self.scope.late else []), listed - self.scope.late]

    def list_numbers(self, heading: str) -> list[int]:
        activities, parts = self.matching(heading)
        return [*([len(activities)] if activities else []), len(parts)]

    # Tables and figures --------------------------------------------------------------------------------------

    def check_figure(self, block: Block) -> None:
        scope, labels = self.scope, STATUSES[self.language]
        found = self.own_numbers(block.text, with_one=False)
        position = len(list(block.element.itersiblings(preceding=True)))
        figures: list[list[int]] = [[len(scope.activities)]]
        if self.counts.has_status:
            figures.append([len(scope.with_status(scope.activities, labels[0]))])
            deviating = sum(len(scope.with_status(scope.activities, labels[index])) for index in DEVIATING)
            figures.append([deviating])
            figures.append([scope.late])
        else:
            figures.append([len(self.counts.deviations)] if not self.unit else found)
        if len(self.counts.units) > 1 and not self.unit:
            figures.append([self.answered_units(), len(self.counts.units)])
        self.explained += len(found)
        if position >= len(figures) or found != figures[position]:
            self.faults.append(f"figure {position} “{block.text}”: {found}, counted {figures}")

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
        text = (
            re.sub(r"\b(\d+) (?:enheter|units)\b", " ", block.text) if self.item_units_hold(block) else block.text
        )
        if not self.counts.has_status:
            text = AMOUNT.sub(" ", text)
        text = self.take_out_parts(text)
        self.expect(Block("tr", "", text, block.element), [], with_one=False)

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
        """Every list of the summary and of what is unanswered is as long as its number, or says what is left."""
        words, scope = TEXT[self.language], self.scope
        sections: dict[tuple[str, str], list[Block]] = {}
        for block in self.blocks:
            sections.setdefault((block.chapter, block.section), []).append(block)
        headings = [
            STATUSES[self.language][0],
            *([] if self.only else [STATUSES[self.language][i] for i in DEVIATING]),
        ]
        for heading in (
            [*headings, *([] if self.only or self.unit else [words["late"]])] if self.counts.has_status else []
        ):
            activities, parts = self.matching(heading)
            is_done = heading == STATUSES[self.language][FINAL[0]]
            expected = len(activities) + (0 if is_done else len(parts))
            self.hold_list(f"list {heading}", sections.get((words["summary"], heading), []), expected)
        if not self.counts.has_status and not self.only and not self.unit:
            (beyond,) = [
                blocks
                for (chapter, section), blocks in sections.items()
                if chapter == words["summary"] and section
            ]
            self.hold_list("list of amounts", beyond, len(self.counts.deviations))
        unanswered = (
            scope.with_status(scope.activities, scope.word("unanswered")) if self.counts.has_status else None
        )
        for (chapter, section), blocks in sections.items():
            if chapter == words["asked"] and section.startswith(words["unanswered"]) and unanswered is not None:
                self.hold_list(section, blocks, len(unanswered))
            if chapter == words["summary"] and section.startswith(words["since"]) and not self.only:
                self.hold_list(section, blocks, len(self.listed_changes()))
        if unanswered:
            assert any(section.startswith(words["unanswered"]) for _, section in sections), (
                "no list of what is unanswered"
            )

    def hold_list(self, what: str, blocks: Sequence[Block], expected: int) -> None:
        items = sum(block.tag == "li" for block in blocks)
        more = [block for block in blocks if block.text.startswith(TEXT[self.language]["more"])]
        left = sum(numbers_in(block.text, self.language)[0] for block in more)
        self.hold(what, items + left, expected)
        if more and self.only:
            self.faults.append(f"{what}: what is left out is in no table of this report")


def is_change_sentence(block: Block, words: Mapping[str, str]) -> bool:
    """Return whether a paragraph is the sentence that counts changes."""
    return block.text.startswith(("Sedan", "Since", "Inga", "No "))
