"""Is somebody tampering, spoofing or stealing? One file per attack pattern; pure functions of a journey."""
