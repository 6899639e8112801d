"""Is the product still good? Limit profiles, rules, and the judge: pure functions over readings."""
