"""What the commands print: tables for a terminal, plain text elsewhere."""
