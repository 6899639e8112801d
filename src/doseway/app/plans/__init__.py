"""Planning in the tower: networks and answers in the log, and questions solved in processes of their own."""
