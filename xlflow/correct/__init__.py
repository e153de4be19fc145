"""Which units get their form back to correct it, and what is prefilled, marked and listed there.

Only plans: `generate` writes the forms. What a person wrote is carried over as it was written, and text that
belongs to no cell is carried over as text.
"""
