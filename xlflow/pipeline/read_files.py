"""Reads all returned files, each where it can do no harm: from the cache, in this process, or in worker processes.

A few small workbooks are read in this process, since no reader can crash or take long on them. All others, and all
of them if there are many, are read in worker processes; a file that crashes its worker is refused, and no other
file suffers. Says nothing of what is in a file; that is for `xlflow.read`.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from xlflow.collect.discover import (
    DiscoveredFile,
    ignore_reason,
    make_received_file,
    passed_over_finding,
)
from xlflow.excel.reader import (
    DEFAULT_LIMITS,
    WorkbookData,
    digest_source,
    open_in_process,
    open_workbook,
    refusal_finding,
)
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.submission import FileState, Submission
from xlflow.pipeline.bounded_reading import FAILURE_CODES
from xlflow.pipeline.overwrite_guard import ProgressCallback
from xlflow.read.build_submission import can_be_retried, read_form
from xlflow.read.recognise_by_content import KnownRound
from xlflow.runtime import cache, process_pool
from xlflow.runtime.submission_decoder import DECODE_ERRORS, SubmissionDecoder
from xlflow.runtime.submission_encoder import EncodedSubmission, ReadResult, encode_submission

_MAX_JOBS = 8
"""Worker processes at most unless more are asked for; all their results pass through this one process."""

_MIN_FILES_FOR_CACHE = 20
"""Number of files from which on the cache is used; reading fewer takes hardly longer than looking them up."""

_MAX_ENTRIES_PER_FORM = 60_000
"""Rows, unplaced texts and findings that one form may have, so that it cannot bury all others in the result."""

_TASK_LIMITS = process_pool.TaskLimits(DEFAULT_LIMITS.seconds, DEFAULT_LIMITS.memory_bytes)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read. `jobs`: worker processes at a time, None for as many as there are processors, at most 8;
    `use_cache`: take files that were read before from the cache, if there are enough files for it to be worth
    it."""

    jobs: int | None = None
    use_cache: bool = False

    def open_cache(self, file_count: int) -> cache.ParseCache | None:
        """Return the cache of read forms; None if it is not wanted, not worth it for so few files, or unusable."""
        return cache.open_cache() if self.use_cache and file_count >= _MIN_FILES_FOR_CACHE else None

    def count_jobs(self) -> int:
        """Return how many worker processes to use."""
        return self.jobs or min(os.cpu_count() or 1, _MAX_JOBS)


def read_returned_files(
    files: Sequence[DiscoveredFile],
    options: ReadOptions,
    progress: ProgressCallback | None = None,
    known_rounds: Sequence[KnownRound] = (),
) -> tuple[ReadResult, ...]:
    """Return (received file, submission or finding) for each of the files, in their order.

    `known_rounds` help to recognise forms that have lost their hidden metadata; results read with them are not
    cached, since they depend on more than the file. `progress` is called with ("read", files done, files in all).
    """
    decoder, parse_cache = SubmissionDecoder(), None if known_rounds else options.open_cache(len(files))
    results = _read_cached(files, parse_cache, decoder) if parse_cache else {}
    cached_count = len(results)
    if cached_count:
        _report_results(progress, results, files)
    if len(files) - cached_count <= process_pool.max_items_without_pool():
        for index, file in enumerate(files):
            if index not in results and (result := _read_in_process(file, known_rounds, parse_cache)) is not None:
                results[index] = result
                _report_results(progress, results, files)
    pool_indexes = [number for number in range(len(files)) if number not in results]
    try:
        task = _FileReader(tuple(known_rounds), parse_cache)
        for task_index, outcome in process_pool.map_in_processes(
            task, [files[number] for number in pool_indexes], options.count_jobs(), _TASK_LIMITS
        ):
            index = pool_indexes[task_index]
            results[index] = (
                _refuse_failed_file(files[index], outcome)
                if isinstance(outcome, process_pool.TaskFailure)
                else _decode_result(EncodedSubmission(*outcome), decoder)
            )
            _report_results(progress, results, files)
    except process_pool.PoolUnavailableError:
        unread = (number for number in pool_indexes if number not in results)
        results |= {number: _read_file(files[number], known_rounds) for number in unread}
    if parse_cache and cached_count < len(files):
        parse_cache.prune()
    return tuple(results[number] for number in range(len(files)))


def retry_with_known_rounds(
    files: Sequence[DiscoveredFile],
    results: Sequence[ReadResult],
    known_rounds: Sequence[KnownRound],
    options: ReadOptions,
) -> tuple[ReadResult, ...]:
    """Return the results, with those files read again that may be forms of rounds known by now, or hold some.

    A second result replaces the first if it is a submission, or if the first was a finding too.
    """
    retry_indexes = [index for index, (_, outcome) in enumerate(results) if can_be_retried(outcome)]
    retried = (
        read_returned_files([files[number] for number in retry_indexes], options, known_rounds=known_rounds)
        if known_rounds
        else ()
    )
    retried_by_index = dict(zip(retry_indexes, retried, strict=False))
    improved = {
        number: new_result
        for number, new_result in retried_by_index.items()
        if isinstance(new_result[1], Submission) or isinstance(results[number][1], Finding)
    }
    return tuple(improved.get(number, old_result) for number, old_result in enumerate(results))


def list_submissions(results: Iterable[ReadResult]) -> list[Submission]:
    """Return all submissions, each by itself: a file that holds the forms of several units gives several."""
    submissions = [outcome for _, outcome in results if isinstance(outcome, Submission)]
    return [
        single
        for submission in submissions
        for single in (
            replace(submission, other_submissions=()) if submission.other_submissions else submission,
            *submission.other_submissions,
        )
    ]


@dataclass(slots=True)
class _FileReader:
    """The task of a worker: reads one file and encodes the result for the pipe.

    What the forms of a round have in common is sent once per worker, with the first form that has it
    (`_sent_digests`); the caller keeps it by digest. An instance has its own state in each worker.
    """

    known_rounds: tuple[KnownRound, ...]
    parse_cache: cache.ParseCache | None
    _sent_digests: set[str] = field(default_factory=set)

    def __call__(self, file: DiscoveredFile) -> tuple[bytes, str, bytes]:
        encoded = self._read(file)
        return encoded.content, encoded.shared_digest, encoded.shared_content

    def _read(self, file: DiscoveredFile) -> EncodedSubmission:
        result = _read_file(file, self.known_rounds)
        encoded = encode_submission(result)
        _store_in_cache(file, result, encoded, self.parse_cache)
        if encoded.shared_digest in self._sent_digests:
            return replace(encoded, shared_content=b"")
        self._sent_digests.add(encoded.shared_digest)
        return encoded


def _decode_result(encoded: EncodedSubmission, decoder: SubmissionDecoder) -> ReadResult:
    """Return the result; the decoder remembers what forms have in common. Raises one of `DECODE_ERRORS`."""
    if encoded.shared_content and encoded.shared_digest not in decoder.shared_rounds:
        decoder.add_shared_round(encoded.shared_digest, encoded.shared_content)
    return decoder.decode(encoded)


def _read_in_process(
    file: DiscoveredFile, known_rounds: Sequence[KnownRound], parse_cache: cache.ParseCache | None
) -> ReadResult | None:
    """Return the result for a small file; None if it must go to a worker process."""
    workbook = open_in_process(file.source, file.name)
    if workbook is None:
        return None
    try:
        result = _read_workbook(file, workbook, known_rounds)
    except Exception:  # a fault of ours in reading this form; in a worker it costs this form only
        return None
    if parse_cache:
        _store_in_cache(file, result, encode_submission(result), parse_cache)
    return result


def _read_file(file: DiscoveredFile, known_rounds: Sequence[KnownRound]) -> ReadResult:
    return _read_workbook(file, open_workbook(file.source, file.name), known_rounds)


def _read_workbook(
    file: DiscoveredFile,
    workbook: WorkbookData | Finding,
    known_rounds: Sequence[KnownRound],
) -> ReadResult:
    received_file = make_received_file(file, workbook)
    if isinstance(workbook, Finding):
        return _pass_over(file, (received_file, workbook)) if file.passed_over_code else (received_file, workbook)
    outcome = ignore_reason(workbook) or read_form(workbook, received_file, known_rounds)
    if isinstance(outcome, Submission) and _count_entries(outcome) > _MAX_ENTRIES_PER_FORM:
        outcome = make_finding(
            "form-too-large", Location(file.name), unit=outcome.unit, params={"count": _MAX_ENTRIES_PER_FORM}
        )
    if file.passed_over_code:
        return _pass_over(file, (received_file, outcome))
    if isinstance(outcome, Finding):
        state = FileState.IGNORED if outcome.code.startswith("ignored-") else FileState.REFUSED
        return replace(received_file, state=state, reason=outcome.code), outcome
    return received_file, outcome


def _pass_over(file: DiscoveredFile, result: ReadResult) -> ReadResult:
    """Return the result of a file whose name says that it is no document: it is ignored, whatever was read in
    it; a form is named as one."""
    received_file, outcome = result
    finding = passed_over_finding(file, outcome.unit if isinstance(outcome, Submission) else None)
    return replace(received_file, state=FileState.IGNORED, reason=finding.code), finding


def _count_entries(submission: Submission) -> int:
    count = len(submission.rows) + len(submission.unplaced) + len(submission.findings)
    return count + sum(map(_count_entries, submission.other_submissions))


def _read_cached(
    files: Sequence[DiscoveredFile], parse_cache: cache.ParseCache, decoder: SubmissionDecoder
) -> dict[int, ReadResult]:
    """Return index -> result of the files that are in the cache with the same name, size, time and content."""
    results: dict[int, ReadResult] = {}
    for index, file in enumerate(files):
        key = _file_cache_key(file)
        digest = digest_source(file.source) if parse_cache.has_entry(key) else None
        encoded = parse_cache.get(key, digest) if digest else None
        if (
            encoded
            and encoded.shared_digest not in decoder.shared_rounds
            and (shared_content := parse_cache.get_shared(encoded.shared_digest))
        ):
            encoded = replace(encoded, shared_content=shared_content)
        if encoded:
            with suppress(*DECODE_ERRORS):
                results[index] = _decode_result(encoded, decoder)
    return results


def _store_in_cache(
    file: DiscoveredFile,
    result: ReadResult,
    encoded: EncodedSubmission,
    parse_cache: cache.ParseCache | None,
) -> None:
    """Cache a submission. A refusal is not cached: it may be due to this computer, such as too little memory."""
    received_file, outcome = result
    if parse_cache and isinstance(outcome, Submission):
        parse_cache.put(_file_cache_key(file), received_file.digest, encoded)


def _file_cache_key(file: DiscoveredFile) -> str:
    return cache.cache_key(file.name, file.size, file.modified.isoformat() if file.modified else "")


def _refuse_failed_file(file: DiscoveredFile, failure: process_pool.TaskFailure) -> ReadResult:
    refusal = refusal_finding(FAILURE_CODES[failure.reason], file.name, DEFAULT_LIMITS)
    result = make_received_file(file, refusal), refusal
    return _pass_over(file, result) if file.passed_over_code else result


def _report_results(
    progress: ProgressCallback | None,
    results: dict[int, ReadResult],
    files: Sequence[DiscoveredFile],
) -> None:
    if progress:
        progress("read", len(results), len(files))
