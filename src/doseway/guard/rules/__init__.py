"""The patterns of tampering, spoofing and theft: one file each."""
