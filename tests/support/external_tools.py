"""What a test needs beside Python. A missing tool skips the test, or fails it where XLFLOW_NO_SKIP=1 is set."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
MUST_HAVE = os.environ.get("XLFLOW_NO_SKIP") == "1"


def require_tool(name: str) -> str:
    """Return the path of a program ("soffice", "pdftoppm")."""
    found = shutil.which(name)
    if found is None:
        skip_or_fail(f"the program {name} is not installed")
    return str(found)


def require_folder(path: Path) -> Path:
    """Return a folder of test material that lives outside the project; its absence only ever skips."""
    if not path.is_dir():
        pytest.skip(f"the test material {path.name} is not here")
    return path


def require_packages(folder: Path, **versions: str) -> Path:
    """Return a folder that holds these packages of the npm registry, fetched once; none of their set-up is run."""
    if not folder.is_dir():
        wanted = [f"{name}@{version}" for name, version in versions.items()]
        options = ["--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        command = [require_tool("npm"), "install", *options, *wanted]
        folder.mkdir()
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            skip_or_fail(f"npm could not fetch {' and '.join(wanted)}: {done.stderr[-300:]}")
    return folder


def skip_or_fail(reason: str) -> None:
    """Skip a test for want of something, or fail it where nothing may be skipped."""
    if MUST_HAVE:
        pytest.fail(f"{reason}, and XLFLOW_NO_SKIP=1 says that nothing may be skipped")
    pytest.skip(reason)
