"""LibreOffice as a second reader: recalculates every formula, and shows how a workbook looks on paper.

Each process of the tests has a profile of its own, so that no call meets a window that is open or another call. It
is made once, since LibreOffice takes longer for that than for a small file. Formulas are recalculated when a file
is opened, always, so that no cached value of ours can pass for theirs.
"""

import atexit
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from support.external_tools import require_tool

_ALWAYS = "".join(
    f'<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="{name}" oor:op="fuse">'
    "<value>0</value></prop></item>"
    for name in ("OOXMLRecalcMode", "ODFRecalcMode")
)
_SETTINGS = f"""<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{_ALWAYS}</oor:items>
"""


def recalculate(path: Path) -> Path:
    """Return a copy of a workbook as LibreOffice saves it, every formula worked out anew."""
    return recalculate_all([path])[0]


def recalculate_all(paths: Sequence[Path]) -> list[Path]:
    """Return such copies of several workbooks, of which no two have the same name; one start serves all."""
    return convert(paths, "xlsx:Calc MS Excel 2007 XML", paths[0].parent / "recalculated")


def to_pdf(path: Path) -> Path:
    """Return the workbook as pages."""
    return convert([path], "pdf", path.parent / "pdf")[0]


def convert(paths: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """Return copies of files in another kind ("ods"), in a folder."""
    command = [require_tool("soffice"), "--headless", f"-env:UserInstallation={_profile()}", "--convert-to", kind]
    files = ["--outdir", str(folder), *map(str, paths)]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=300, check=False)
    targets = [folder / f"{path.stem}.{kind.partition(':')[0]}" for path in paths]
    missing = [target.name for target in targets if not target.exists()]
    assert not missing, f"LibreOffice made no {missing}: {done.stdout} {done.stderr}"
    return targets


@cache
def _profile() -> str:
    """Make the profile of this process, and return its address."""
    home = TemporaryDirectory(prefix="xlflow-office-", ignore_cleanup_errors=True)
    atexit.register(home.cleanup)
    profile = Path(home.name) / "user"
    profile.mkdir()
    (profile / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    return Path(home.name).as_uri()
