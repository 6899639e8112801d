"""Signed device packets: COSE_Sign1 (RFC 9052) around a record in deterministic CBOR (RFC 8949 section 4.2)."""
