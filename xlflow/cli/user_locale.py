"""In which language the command line speaks to its user, whatever the language of the files."""

import locale
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlflow.i18n.catalogue import Language


def user_language() -> "Language":
    """Return the language in which the user's computer speaks, if it is English; else Swedish."""
    locale_names = [os.environ.get(variable) for variable in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if not any(locale_names) and sys.platform == "win32":
        locale_names.append(locale.getlocale()[0])
    locale_name = next(filter(None, locale_names), "")
    return "en" if locale_name.lower().startswith("en") else "sv"
