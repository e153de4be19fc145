"""Opens what somebody sent and trusts nothing; the one door to calamine and openpyxl.

A file ends here as a `Book` (plain values) or as a `Finding` that says what it is and what its sender should
do; never as an exception. Nothing in a file is run, followed or copied: macros, links and objects are not read.
"""

from xlflow.excel.incoming.book import Book, ErrorValue, Limits, Raw, Sheet, cell_name
from xlflow.excel.incoming.gate import open_book

__all__ = ["Book", "ErrorValue", "Limits", "Raw", "Sheet", "cell_name", "open_book"]
