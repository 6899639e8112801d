"""One file per engine behind the ports of the ledger."""
