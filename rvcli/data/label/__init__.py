"""Labels of a task, known or predicted."""
