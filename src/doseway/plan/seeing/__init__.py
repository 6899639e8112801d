"""Plans to look at: deterministic SVG, each drawing with its twin in text; report, workbook and notebook."""
