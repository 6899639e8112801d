"""Can I prove all that, offline? Inspections, reports for people, evidence packs, and the stand-alone verifier."""
