"""What writes the pages of docs/reference: each yields the paragraphs of one."""
