"""Building blocks with textbook answers, such as safety stock and the newsvendor. They know nothing of one another."""
