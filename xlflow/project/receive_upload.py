"""Takes in one file that a unit hands in on its page: archived first, then one event, only then a receipt.

The same archive and event as for what lies in the inbox; a file whose content is known is noted and counts once.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.project.deliveries import store_delivery, unpack_delivery
from xlflow.project.project_folder import Project, require_whole_log
from xlflow.project.project_state import RoundState, build_rounds, refuse_closed


@dataclass(frozen=True, slots=True)
class UploadReceipt:
    """Proof that a file is kept. `number`: for people, made of the event's own id. `file`: name below `received/`.
    `digest`: SHA-256 of the content. `size` in bytes. `at`: UTC, ISO. `is_again`: the content came in before."""

    number: str
    name: str
    file: str
    digest: str
    size: int
    at: str
    is_again: bool


def receive_upload(
    project: Project, state: RoundState, unit: str, name: str, content: bytes, *, by: str
) -> UploadReceipt:
    """Keep a file that came in on the page of a unit, and return the receipt once file and event are on disk.

    `FatalError` if the round is closed, the log is not whole, or nothing can be written.
    """
    require_whole_log(project)
    refuse_closed(state)
    now = _after_last(state, datetime.now(UTC))
    digest = sha256(content).hexdigest()
    known = {file.digest: file for other in build_rounds(project).values() for file in other.files}
    earlier = known.get(digest)
    if earlier and not (project.root / earlier.path).is_file():  # it was discarded
        earlier = None
    stored = []
    if earlier is None:
        try:
            stored = store_delivery(project, state, unpack_delivery(name, content), now)
        except OSError as error:
            location = Location(str(project.round_folder(state.name) / "received"))
            raise FatalError(
                make_finding("path-unusable", location, value=error.strerror or str(error))
            ) from error
    data = {
        "files": [asdict(file) for file in stored],
        "again": [] if earlier is None else [{"name": name, "digest": digest}],
        "upload": {"unit": unit, "name": name, "digest": digest, "size": len(content)},
    }
    recorded = project.record("returns-received", data, state.name, by=by)
    return list_receipts_of(recorded, state.name, unit, digest)[0]


def _after_last(state: RoundState, now: datetime) -> datetime:
    """Return a time that is later than that of every file in the archive, which is kept to the second: what is
    handed in last is to count, also if two files come in the same second."""
    last = max((file.received for file in state.files), default="")
    if f"{now:%Y-%m-%dT%H:%M:%SZ}" > last:
        return now
    return min(datetime.fromisoformat(last) + timedelta(seconds=1), now + timedelta(minutes=1))


def list_receipts_of(project: Project, round_name: str, unit: str, digest: str = "") -> list[UploadReceipt]:
    """Return the receipts of a unit in a round, newest first; only those of a content, if `digest` is given."""
    paths: dict[str, str] = {}
    receipts = []
    for event in project.log.events:
        if event.kind != "returns-received":
            continue
        for values in event.data["files"]:
            paths.setdefault(values["digest"], values["path"])
        upload = event.data.get("upload")
        if upload and event.round == round_name and upload["unit"] == unit:
            file = "/".join(paths.get(upload["digest"], "").rsplit("/", 2)[-2:])
            number = f"{event.token[:4]}-{event.token[4:]}".upper()
            again = bool(event.data["again"])
            receipts.append(
                UploadReceipt(number, upload["name"], file, upload["digest"], upload["size"], event.at, again)
            )
    return [each for each in reversed(receipts) if digest in ("", each.digest)]
