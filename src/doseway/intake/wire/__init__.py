"""What the live message formats share: bodies, times, values, and the recordings that are gathered from them."""
