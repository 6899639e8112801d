"""A published log in a folder: the files of `doseway.ledger.export`, of a mirror, or of any other tlog-tiles log."""

from pathlib import Path

from doseway.ledger.published import PrefixLog
from doseway.model.errors import HashMismatch, Unavailable


def open_folder(folder: Path) -> PrefixLog:
    """Return the log whose files lie in a folder.

    Raises:
        Unavailable: there is no such folder.
    """
    if not folder.is_dir():
        raise Unavailable(f"{folder} is not a folder", hint="Give the folder that holds `checkpoint` and `tile/`.")

    def fetch(path: str, max_bytes: int) -> bytes | None:
        return _read(folder / path, max_bytes)

    return PrefixLog(fetch)


def _read(path: Path, max_bytes: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise HashMismatch(f"{path} is larger than the {max_bytes} bytes that it can have")
    return data
