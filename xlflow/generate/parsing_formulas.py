"""The steps of `rules.formula_semantics` as formulas, each of the same name and to the same end.

Formulas are texts without their =. They use what Excel 2010, Excel on the web and LibreOffice know, look nothing
up by MATCH (which takes * and ? for more than they are, and no long text), and count on no language of a program.
"""

from collections.abc import Sequence

from xlflow.excel.writer import quote_formula_text
from xlflow.rules.formula_semantics import (
    BLANK_CHARACTERS,
    CHOICE_NUMBER_WIDTH,
    CURRENCY_WORDS,
    IGNORED_CHARACTERS,
    ISO_DIGIT_COUNTS,
    LEAD_IN_WORDS,
    MAX_LOOKUP_LENGTH,
    MINUS_CHARACTERS,
    MONTH_NUMBER_WIDTH,
    NOT_LISTED,
    NUMBER_BLANK_CHARACTERS,
)
from xlflow.values.dates import FIRST_DATE_SERIAL, LAST_DATE_SERIAL

_CONTROL_CHARACTERS = {"\n": "CHAR(10)", "\r": "CHAR(13)", "\t": "CHAR(9)"}
"""Letters that an XML file would not keep within a formula; these codes are the same everywhere."""


def is_blank_formula(cell: str) -> str:
    """Return a formula that says whether nothing is written, though there may be blanks."""
    return f'TRIM({_substitute_formula(cell, [(blank, " ") for blank in BLANK_CHARACTERS])})=""'


def strip_for_lookup_formula(cell: str) -> str:
    """Return a formula for what is compared of a text."""
    return _substitute_formula(
        f"LOWER({cell})",
        [*((blank, " ") for blank in BLANK_CHARACTERS), *((mark, "") for mark in IGNORED_CHARACTERS)],
    )


def strip_time_for_lookup_formula(cell: str) -> str:
    """Return a formula for what is compared of a time."""
    lowercase = _substitute_formula(f"LOWER({cell})", [(blank, " ") for blank in BLANK_CHARACTERS])
    lead_in_words = [(f" {word} ", " ") for word in LEAD_IN_WORDS]
    return _substitute_formula(
        f'" "&{lowercase}&" "', [*lead_in_words, *((mark, "") for mark in IGNORED_CHARACTERS)]
    )


def lookup_choice_formula(cell: str, table: str) -> str:
    """Return a formula for the number of an answer: 0 if it is blank, `NOT_LISTED` if the table does not have
    it."""
    return (
        f"IFERROR({_table_lookup_formula(strip_for_lookup_formula(cell), table, CHOICE_NUMBER_WIDTH)}"
        f",IF({is_blank_formula(cell)},0,{NOT_LISTED}))"
    )


def lookup_end_date_formula(stripped: str, tables: Sequence[str], year: int) -> str:
    """Return a formula for the last day of a squeezed time, "" if it is not recognised. `tables` are the names of
    those of periods, months and years; `year` is the plan's."""
    periods, months, years = tables
    year_first = _put_year_first_formula(stripped, years, year)
    attempts = (
        _serial_date_formula(stripped),
        _iso_date_formula(stripped, years),
        _period_end_formula(year_first, periods),
        _day_and_month_formula(year_first, months),
    )
    combined = '""'
    for attempt in reversed(attempts):
        combined = f"IFERROR({attempt},{combined})"
    return f'IF({stripped}="","",{combined})'


def parse_number_formula(cell: str, normalized: str) -> str:
    """Return a formula for the number in a cell, also where it is written as text; "" where it is none. `flat` is
    where `flatten_number` of the cell stands."""
    point_position, decimal_separator = f'FIND(".",{normalized})', "MID(1/2,2,1)"
    other_characters = _substitute_formula(normalized, [(digit, "") for digit in "0123456789"])
    is_plain = (
        f'OR({other_characters}="",{other_characters}=".",AND(LEFT({normalized},1)'
        f'="-",OR({other_characters}="-",{other_characters}="-.")))'
    )
    digits_before_point = f'{point_position}-1-(LEFT({normalized},1)="-")'
    is_thousands_separator = (
        f"AND(LEN({normalized})-{point_position}=3,{digits_before_point}<"
        f'4,LEFT(SUBSTITUTE({normalized},"-",""),1)<>"0")'
    )
    has_digits_around_point = f"AND({digits_before_point}>0,LEN({normalized})>{point_position})"
    is_unambiguous = (
        f"IFERROR(IF(ISNUMBER({point_position}),AND({has_digits_around_point}"
        f",NOT({is_thousands_separator})),TRUE),FALSE)"
    )
    parsed_text = (
        f"IFERROR(IF(AND({is_plain},{is_unambiguous}),VALUE(SUBSTITUTE({normalized}"
        f',".",{decimal_separator})),""),"")'
    )
    return f"IF(ISNUMBER({cell}),{cell},{parsed_text})"


def normalize_number_formula(cell: str) -> str:
    """Return a formula for what is compared of a number written as text."""
    pairs = [
        *((removed, "") for removed in (*NUMBER_BLANK_CHARACTERS, *CURRENCY_WORDS)),
        *((minus, "-") for minus in MINUS_CHARACTERS),
    ]
    return _substitute_formula(f"LOWER({cell})", [*pairs, (",", ".")])


def lookup_item_number_formula(cell: str, table_names: Sequence[str], offset: int, width: int) -> str:
    """Return a formula for a number that the tables of lines hold for an id; an error where none has the id."""
    value_position = f"+LEN({cell})+{2 + offset},{width}"
    attempts = [
        f'VALUE(MID({table_name},FIND("|"&{cell}&"=",{table_name}){value_position}))' for table_name in table_names
    ]
    combined = attempts[-1]
    for attempt in reversed(attempts[:-1]):
        combined = f"IFERROR({attempt},{combined})"
    return combined


def _put_year_first_formula(stripped: str, years: str, year: int) -> str:
    last_digits, first_digits = f"RIGHT({stripped},4)", f"LEFT({stripped},4)"
    otherwise = f"IF({_is_year_formula(first_digits, years)},{stripped},{year}&{stripped})"
    return (
        f"IF({_is_year_formula(last_digits, years)},{last_digits}&LEFT({stripped},LEN({stripped})-4),{otherwise})"
    )


def _serial_date_formula(stripped: str) -> str:
    number = f"VALUE({stripped})"
    return f'{number}/(({number}&""={stripped})*({number}>={FIRST_DATE_SERIAL})*({number}<={LAST_DATE_SERIAL}))'


def _iso_date_formula(stripped: str, years: str) -> str:
    parsed_date = f"DATE(LEFT({stripped},4),MID({stripped},5,2),MID({stripped},7,2))"
    has_valid_length = ",".join(f"LEN({stripped})={length}" for length in ISO_DIGIT_COUNTS)
    is_same_date = f'(YEAR({parsed_date})*10000+MONTH({parsed_date})*100+DAY({parsed_date})&""=LEFT({stripped},8))'
    return (
        f"{parsed_date}/({is_same_date}*OR({has_valid_length})*{_is_year_formula(f'LEFT({stripped},4)', years)})"
    )


def _period_end_formula(year_first: str, periods: str) -> str:
    period_name = f"MID({year_first},5,{MAX_LOOKUP_LENGTH})"
    month = _table_lookup_formula(period_name, periods, MONTH_NUMBER_WIDTH)
    return f"DATE(LEFT({year_first},4),{month}+1,0)"


def _day_and_month_formula(year_first: str, months: str) -> str:
    digit_count = f'IF(ISNUMBER(FIND(MID({year_first},6,1),"0123456789")),2,1)'
    day_number = f"VALUE(MID({year_first},5,{digit_count}))"
    month = _table_lookup_formula(
        f"MID({year_first},5+{digit_count},{MAX_LOOKUP_LENGTH})", months, MONTH_NUMBER_WIDTH
    )
    parsed_date = f"DATE(LEFT({year_first},4),{month},{day_number})"
    return f"{parsed_date}/(DAY({parsed_date})={day_number})"


def _is_year_formula(text: str, years: str) -> str:
    return f'ISNUMBER(FIND("|"&{text}&"|",{years}))'


def _table_lookup_formula(key: str, table: str, width: int) -> str:
    """Return a formula for the number before a spelling in a table; an error if it is not there."""
    return f'VALUE(MID({table},FIND(":"&{key}&"|",{table})-{width},{width}))'


def _substitute_formula(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = f"SUBSTITUTE({text},{_quote_characters(old)},{_quote_characters(new)})"
    return text


def _quote_characters(characters: str) -> str:
    return _CONTROL_CHARACTERS.get(characters) or quote_formula_text(characters)
