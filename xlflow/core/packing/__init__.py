"""What one file said as bytes, and back: how it travels from the process that read it, and how it is kept.

Plain JSON, so that nothing in it can ever be executed, and quick, since every file of a run passes here. What is
the same in form after form, the frame (template, plan, names of the units), is packed once and named by its
digest; texts and values that are the same are held once, which is most of them. What was agreed on after the
forms went out (exceptions, aliases) is no form's business and does not travel.
"""

from xlflow.core.packing.hearing import DECODE_ERRORS, SubmissionDecoder
from xlflow.core.packing.packed import EncodedSubmission, ReadResult
from xlflow.core.packing.saying import encode_submission

__all__ = ["DECODE_ERRORS", "ReadResult", "EncodedSubmission", "SubmissionDecoder", "encode_submission"]
