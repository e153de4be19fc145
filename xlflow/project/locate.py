"""Finds the project that somebody is in, as git does: in the current folder, or in one above it.

Imports nothing slow: the command line asks at every start.
"""

from pathlib import Path

SETTINGS_FILE = "xlflow.toml"
"""The file by which the folder of a project is known."""


def find_project_folder(start: Path | None = None) -> Path | None:
    """Return the nearest folder at or above `start` (by default the current one) that is a project; None if there
    is none."""
    try:
        folder = (start or Path.cwd()).absolute()
        return next((each for each in (folder, *folder.parents) if (each / SETTINGS_FILE).is_file()), None)
    except OSError:
        return None
