"""The page: values of a report become one HTML file that needs nothing else."""
