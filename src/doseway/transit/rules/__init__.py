"""The rules about where a shipment is, whether it is on time and in one piece: one file each."""
