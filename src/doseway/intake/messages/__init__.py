"""One file per live message format. They do not know one another; what they share is in `doseway.intake.wire`."""
