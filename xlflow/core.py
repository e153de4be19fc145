"""The values that every step speaks in: findings, templates, rounds, answers. Knows no file format."""
