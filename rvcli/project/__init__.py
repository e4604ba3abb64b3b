"""Makes a project of imagery and labels: what they are, what is proposed, and the files."""
