"""What a worker process sends back, as bytes: bytes, a text, or a tuple of these. Nothing in it can be run."""

from struct import Struct

ResultValue = bytes | str | tuple[bytes | str, ...]

READY_FRAME, TOO_LARGE_FRAME = b"ready", b"too-large"
"""Sent in place of a result: the worker has started; its item took too much memory."""

MAX_FRAME_BYTES = 600_000_000
"""Bytes of one result; a worker has not much more memory than this."""

_SINGLE, _TUPLE = b"1", b"*"
_PIECE_HEAD = Struct("<?Q")
"""Before each piece: whether it is a text, and how many bytes it has."""


def encode_result(value: ResultValue) -> bytes:
    """Return a result as one frame. Raises TypeError if it holds anything but bytes and texts."""
    pieces = value if isinstance(value, tuple) else (value,)
    chunks = [_TUPLE if isinstance(value, tuple) else _SINGLE]
    for piece in pieces:
        if not isinstance(piece, bytes | str):
            raise TypeError(f"a result of a worker cannot be {type(piece).__name__}")
        content = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
        chunks += (_PIECE_HEAD.pack(isinstance(piece, str), len(content)), content)
    return b"".join(chunks)


def decode_result(frame: bytes) -> ResultValue:
    """Return the result that a frame holds. Raises ValueError if it is none of `encode_result`."""
    kind, position = frame[:1], 1
    pieces: list[bytes | str] = []
    while position < len(frame):
        if len(frame) < position + _PIECE_HEAD.size:
            raise ValueError("the head of a piece is cut off")
        is_text, size = _PIECE_HEAD.unpack_from(frame, position)
        position += _PIECE_HEAD.size
        content = frame[position : position + size]
        if len(content) != size:
            raise ValueError("a piece is cut off")
        pieces.append(content.decode("utf-8", "surrogatepass") if is_text else content)
        position += size
    if kind == _TUPLE:
        return tuple(pieces)
    if kind != _SINGLE or len(pieces) != 1:
        raise ValueError("no frame of a result")
    return pieces[0]
