"""The two doors to spreadsheet files: `incoming` opens what somebody sent, `outgoing` writes what we made."""
