"""One file for each kind of channel; they do not know one another."""
