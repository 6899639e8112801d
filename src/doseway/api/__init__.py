"""What is reached over HTTP: tiles and witness."""
