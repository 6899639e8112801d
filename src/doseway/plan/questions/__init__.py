"""What planners ask, one file per question: plain arguments in, a typed answer with words and tables out."""
