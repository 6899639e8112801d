"""One file for each wire format. The files do not know one another; what they share lives beside this folder."""
