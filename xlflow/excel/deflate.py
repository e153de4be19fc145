"""Who packs and unpacks the parts of a package: zlib-ng, else the zlib of the standard library.

zlib-ng does the same in half to two thirds of the time. What is unpacked is the same whichever it is; what is
packed differs in its bytes and unpacks to the same.
"""

import zlib
from typing import Any

try:
    from zlib_ng import zlib_ng as deflate
except ImportError:  # a platform for which it is not built
    import zlib as deflate  # type: ignore[no-redef]

_module: Any = deflate
DeflateError: type[Exception] = _module.error
"""What unpacking raises where the bytes are no deflate data, or not all of it."""

RAW_DEFLATE = -zlib.MAX_WBITS
"""The `wbits` of deflate data without a zlib header, as zip entries are packed."""

COMPRESSION_LEVEL = 5 if _module is zlib else 4
"""How hard to try, 1 to 9. Measured on a consolidated workbook of 34 MB, seconds and MB packed: zlib 4 0.27, 3.38;
5 0.37, 3.04; 6 0.56, 3.01; zlib-ng 3 0.16, 3.50; 4 0.24, 3.14; 5 0.27, 3.01."""

__all__ = ["COMPRESSION_LEVEL", "RAW_DEFLATE", "DeflateError", "deflate"]
