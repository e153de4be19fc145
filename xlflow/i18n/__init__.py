"""Words and sentences in Swedish and English. Knows no workbook and no file of a person."""
