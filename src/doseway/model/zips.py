"""Damaged zip archives: what the standard library raises over them, in one place for all who open one."""

import struct
import zipfile
import zlib
from typing import Final

DAMAGE: Final = (  # an empty name, a lying offset, a broken stream: each ends elsewhere in `zipfile`
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
