"""What `generate` and `read` agree on: layout, identity, metadata and fingerprints of a form. Writes no
workbook.
"""
