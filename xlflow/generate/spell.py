"""The steps of `core.values.spellings` as formulas, each of the same name and to the same end.

Formulas are texts without their =. They use what Excel 2010, Excel on the web and LibreOffice know, look nothing
up by MATCH (which takes * and ? for more than they are, and no long text), and count on no language of a program.
"""

from collections.abc import Sequence

from xlflow.core.values.days import FIRST_SERIAL, LAST_SERIAL
from xlflow.core.values.spellings import (
    BLANKS,
    ISO_LENGTHS,
    LEADS,
    LONGEST,
    MARKS,
    MINUSES,
    MONEY,
    MONTH_WIDTH,
    NUMBER_BLANKS,
    NUMBER_WIDTH,
    UNKNOWN,
)

_LETTERS = {"\n": "CHAR(10)", "\r": "CHAR(13)", "\t": "CHAR(9)"}
"""Letters that an XML file would not keep within a formula; these codes are the same everywhere."""


def is_blank(cell: str) -> str:
    """Return a formula that says whether nothing is written, though there may be blanks."""
    return f'TRIM({_replace(cell, [(blank, " ") for blank in BLANKS])})=""'


def squeeze(cell: str) -> str:
    """Return a formula for what is compared of a text."""
    return _replace(f"LOWER({cell})", [*((blank, " ") for blank in BLANKS), *((mark, "") for mark in MARKS)])


def squeeze_time(cell: str) -> str:
    """Return a formula for what is compared of a time."""
    flat = _replace(f"LOWER({cell})", [(blank, " ") for blank in BLANKS])
    leads = [(f" {word} ", " ") for word in LEADS]
    return _replace(f'" "&{flat}&" "', [*leads, *((mark, "") for mark in MARKS)])


def recognise_choice(cell: str, table: str) -> str:
    """Return a formula for the number of an answer: 0 if it is blank, `UNKNOWN` if the table does not have it."""
    return f"IFERROR({_look_up(squeeze(cell), table, NUMBER_WIDTH)},IF({is_blank(cell)},0,{UNKNOWN}))"


def recognise_time(said: str, tables: Sequence[str], year: int) -> str:
    """Return a formula for the last day of a squeezed time, "" if it is not recognised. `tables` are the names of
    those of periods, months and years; `year` is the plan's."""
    periods, months, years = tables
    dated = _put_year_first(said, years, year)
    ways = (_read_serial(said), _read_iso(said, years), _read_period(dated, periods), _read_day(dated, months))
    tried = '""'
    for way in reversed(ways):
        tried = f"IFERROR({way},{tried})"
    return f'IF({said}="","",{tried})'


def read_number(cell: str, flat: str) -> str:
    """Return a formula for the number in a cell, also where it is written as text; "" where it is none. `flat` is
    where `flatten_number` of the cell stands."""
    point, mark = f'FIND(".",{flat})', "MID(1/2,2,1)"
    signs = _replace(flat, [(digit, "") for digit in "0123456789"])
    plain = f'OR({signs}="",{signs}=".",AND(LEFT({flat},1)="-",OR({signs}="-",{signs}="-.")))'
    before = f'{point}-1-(LEFT({flat},1)="-")'
    doubtful = f'AND(LEN({flat})-{point}=3,{before}<4,LEFT(SUBSTITUTE({flat},"-",""),1)<>"0")'
    ends = f"AND({before}>0,LEN({flat})>{point})"
    sound = f"IFERROR(IF(ISNUMBER({point}),AND({ends},NOT({doubtful})),TRUE),FALSE)"
    text = f'IFERROR(IF(AND({plain},{sound}),VALUE(SUBSTITUTE({flat},".",{mark})),""),"")'
    return f"IF(ISNUMBER({cell}),{cell},{text})"


def flatten_number(cell: str) -> str:
    """Return a formula for what is compared of a number written as text."""
    pairs = [*((letters, "") for letters in (*NUMBER_BLANKS, *MONEY)), *((minus, "-") for minus in MINUSES)]
    return _replace(f"LOWER({cell})", [*pairs, (",", ".")])


def look_up_line(cell: str, pieces: Sequence[str], start: int, width: int) -> str:
    """Return a formula for a number that the tables of lines hold for an id; an error where none has the id."""
    place = f"+LEN({cell})+{2 + start},{width}"
    found = [f'VALUE(MID({piece},FIND("|"&{cell}&"=",{piece}){place}))' for piece in pieces]
    tried = found[-1]
    for way in reversed(found[:-1]):
        tried = f"IFERROR({way},{tried})"
    return tried


def _put_year_first(said: str, years: str, year: int) -> str:
    last, first = f"RIGHT({said},4)", f"LEFT({said},4)"
    unmoved = f"IF({_is_year(first, years)},{said},{year}&{said})"
    return f"IF({_is_year(last, years)},{last}&LEFT({said},LEN({said})-4),{unmoved})"


def _read_serial(said: str) -> str:
    number = f"VALUE({said})"
    return f'{number}/(({number}&""={said})*({number}>={FIRST_SERIAL})*({number}<={LAST_SERIAL}))'


def _read_iso(said: str, years: str) -> str:
    day = f"DATE(LEFT({said},4),MID({said},5,2),MID({said},7,2))"
    lengths = ",".join(f"LEN({said})={length}" for length in ISO_LENGTHS)
    same = f'(YEAR({day})*10000+MONTH({day})*100+DAY({day})&""=LEFT({said},8))'
    return f"{day}/({same}*OR({lengths})*{_is_year(f'LEFT({said},4)', years)})"


def _read_period(dated: str, periods: str) -> str:
    return f"DATE(LEFT({dated},4),{_look_up(f'MID({dated},5,{LONGEST})', periods, MONTH_WIDTH)}+1,0)"


def _read_day(dated: str, months: str) -> str:
    digits = f'IF(ISNUMBER(FIND(MID({dated},6,1),"0123456789")),2,1)'
    number = f"VALUE(MID({dated},5,{digits}))"
    month = _look_up(f"MID({dated},5+{digits},{LONGEST})", months, MONTH_WIDTH)
    day = f"DATE(LEFT({dated},4),{month},{number})"
    return f"{day}/(DAY({day})={number})"


def _is_year(text: str, years: str) -> str:
    return f'ISNUMBER(FIND("|"&{text}&"|",{years}))'


def _look_up(key: str, table: str, width: int) -> str:
    """Return a formula for the number before a spelling in a table; an error if it is not there."""
    return f'VALUE(MID({table},FIND(":"&{key}&"|",{table})-{width},{width}))'


def _replace(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    for letters, others in pairs:
        text = f"SUBSTITUTE({text},{_quote(letters)},{_quote(others)})"
    return text


def _quote(letters: str) -> str:
    doubled = letters.replace('"', '""')
    return _LETTERS.get(letters, f'"{doubled}"')
