"""Plans to look at: drawings as deterministic SVG, each with its twin in text, and the report, workbook and notebook."""
