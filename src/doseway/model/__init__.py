"""The words of the field: units, clock, ids, readings, recordings, facts, errors. No I/O; imports nothing of ours."""
