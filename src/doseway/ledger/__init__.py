"""The log: Merkle tree, signed notes, tiles, the sequencer (the only writer), projections, witnesses, fsck."""
