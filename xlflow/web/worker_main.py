"""A worker of the web page: takes requests as JSON lines on stdin and answers each on stdout, until stdin ends.

Started as `python -m xlflow.web.worker_main PROJECT`. Without threads, so that each workbook is read in a process
of its own that is quickly forked, as for the command line.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlflow.model.findings import FatalError
from xlflow.project.project_folder import USER_VARIABLE, open_project
from xlflow.project.project_state import choose_round
from xlflow.web import project_access
from xlflow.web.server_settings import INDEX_VARIABLE

if TYPE_CHECKING:
    from xlflow.web.event_index import EventIndex


def main(root: Path) -> None:
    """Answer requests until stdin ends. What anything prints goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    index = _open_index(root)
    for line in sys.stdin.buffer:
        answers.write(json.dumps(answer_request(root, json.loads(line)), default=str).encode() + b"\n")
        answers.flush()
        if index:
            index.catch_up()


def _open_index(root: Path) -> "EventIndex | None":
    """Return the index that the server was told of, with the log read from it; None if there is to be none."""
    url = os.environ.get(INDEX_VARIABLE, "")
    if not url:
        return None
    from xlflow.web.event_index import EventIndex

    index = EventIndex(url, root / "events")
    index.recall()
    return index


def answer_request(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Return {"done": value}, {"refused": findings} or {"failed": the kind of fault}."""
    params = dict(request["with"])
    user, language = params.pop("user", ""), params.pop("language", "sv")
    round_name = params.pop("round_name", None)
    os.environ[USER_VARIABLE] = user or "-"
    try:
        project = open_project(root)
        state = choose_round(project, round_name)
        return {"done": project_access.OPERATIONS[request["do"]](project, state, language, **params)}
    except FatalError as error:
        return {"refused": project_access.describe_findings(error.findings, language)}
    except OSError as error:
        traceback.print_exc()
        return {"failed": f"{type(error).__name__}: {error.strerror}"}
    except Exception as error:
        traceback.print_exc()
        return {"failed": type(error).__name__}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
