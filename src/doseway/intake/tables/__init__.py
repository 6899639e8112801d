"""Pieces of the table format: rows out of text and workbooks, words of headers, times, numbers, the layout."""
