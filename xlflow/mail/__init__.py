"""Mails as files: .eml and .msg are read, .eml is written. Nothing here sends or fetches."""
