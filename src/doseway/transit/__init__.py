"""Is it where it should be, on time and in one piece? One file per rule; pure functions of a journey."""
