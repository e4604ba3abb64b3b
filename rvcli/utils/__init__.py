"""What components and plugins use: files, pictures, progress."""
