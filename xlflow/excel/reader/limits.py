"""Every bound within which files are read, each with its reason, so that none is hidden in the code it protects.

A returned file may be damaged or made to do harm, and no file may hold up or end the run (design: "What comes
back"). What goes beyond a bound is refused with a finding or read in a slower way; it is never cut in silence.
Sizes are in bytes and texts in characters unless the name says otherwise. Nothing is decided or measured here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one file; a file beyond one of them is refused.

    `compression_ratio` is unpacked size per packed size of one zip entry; `cells` counts the cells of a sheet's
    grid, empty ones too; `seconds` and `memory_bytes` bound the worker process that reads the file (and the
    cell-by-cell readers look at the clock themselves). `allow_binary_formats`: whether calamine may have .xls and
    .xlsb, which nothing of ours checks cell by cell first, so that it may crash on them.
    """

    file_bytes: int = 20_000_000
    unpacked_bytes: int = 300_000_000
    compression_ratio: int = 250
    zip_entries: int = 10_000
    cells: int = 2_000_000
    seconds: int = 30
    memory_bytes: int = 512_000_000
    allow_binary_formats: bool = True


DEFAULT_LIMITS = Limits()
"""A form has some 100 kB and 10,000 cells; these leave room for pasted pictures and sheets of the unit's own."""

IN_PROCESS_LIMITS = Limits(
    file_bytes=2_000_000, unpacked_bytes=16_000_000, cells=200_000, seconds=5, allow_binary_formats=False
)
"""What may be read without a worker process: too small to take long or much memory, and of no kind on which the
reader could crash."""

PROVABLY_SMALL_BYTES = 500_000
PROVABLY_SMALL_LIMITS = Limits(file_bytes=PROVABLY_SMALL_BYTES, unpacked_bytes=6_000_000, zip_entries=2_000)
"""Size of a file, packed and unpacked, up to which it may be read in this process where starting one is slow."""

# A sheet -------------------------------------------------------------------------------------------------

UNCHECKED_GRID_CELLS = 200_000
"""Cells that a sheet may span before it is asked whether it is mostly empty."""

MIN_FILLED_SHARE = 0.1
"""Share of a larger sheet's grid that must be filled; a single cell in XFD1048576 would else make a grid of
17 thousand million cells. Cells beyond the core below are then kept apart as distant cells."""

CORE_ROWS, CORE_COLUMNS = 20_000, 100
"""The part of a mostly empty sheet that becomes a grid; forms and plans lie well within it."""

MAX_DISTANT_CELLS = 10_000
"""Cells outside that part which are kept with their addresses; more of them are no slip of the hand."""

MAX_HIDDEN_ROW_REPEATS = 10_000
"""Rows that one element of an .ods may hide. More is a format down to the end of the sheet, and nobody hid it."""

MAX_REPEATED_BLANKS = 32_767
"""Blanks that one element of an .ods may stand for: as many as a cell can hold."""

MAX_CELL_CHARACTERS = 100_000
"""Characters in one cell of an .ods with its comment; Excel keeps 32,767 in a cell, and nobody writes more."""

# Zip archives --------------------------------------------------------------------------------------------

RATIO_EXEMPT_BYTES = 1_000_000
"""Unpacked bytes up to which the compression ratio does not matter: styles of a form compress 300 times."""

ALWAYS_SAFE_PACKED_BYTES = 20_000
"""Packed bytes that deflate cannot expand beyond some 20 MB (about 1,030 times), whatever the directory says."""

# The plan workbook in openpyxl ---------------------------------------------------------------------------

MAX_OPENPYXL_BYTES = 16_000_000
"""Bytes of XML that openpyxl may get, all parts together: about 5 seconds and 500 MB."""

# Texts and properties ------------------------------------------------------------------------------------

MAX_JOINED_CHARACTERS = 20_000_000
"""Characters by which a workbook may grow when its long texts are joined: a marker copied into many cells would
repeat a long text in each of them."""

MAX_OLE_PROPERTIES = 10_000
"""Properties read of one section of an .xls; a count in the file may be any number up to four thousand million."""

MAX_UNCACHED_FORMULA_BYTES = 80
"""Bytes of a formula without a value that are kept, to show it in a message."""

# Looking over bytes before they are read -----------------------------------------------------------------

MAX_ROW_TAG_BYTES = 400
"""Bytes of a `<row>` tag within which its `hidden` attribute is looked for, so that the search back from the
attribute takes bounded time."""

PRESCAN_CHUNK_BYTES = 1 << 20
"""Bytes of a sheet whose cells are sorted by kind at a time, so that the list of cells stays small."""

CSV_SAMPLE_CHARACTERS, CSV_SAMPLE_ROWS = 100_000, 20
"""How much of a text file is looked at to find its separator."""

FILE_HEAD_BYTES = 4096
"""Bytes at the beginning of a file by which text, HTML, mail and the like are recognised."""
