"""The log's store in one SQLite file: write-ahead log, full sync, one transaction a batch.

The store is not trusted: who can write to the file can lose what is in it, but `doseway log verify` and any witness
notice every change.
"""

from doseway.engines.sqlite.reader import SqliteReader
from doseway.engines.sqlite.store import SqliteStore

__all__ = ["SqliteReader", "SqliteStore"]
