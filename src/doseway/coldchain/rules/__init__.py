"""One file per rule: each exports `RULE`, which an entry point in the group `doseway.rules` names."""
