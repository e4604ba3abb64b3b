"""The report: one HTML file that shows what experiments did, and how well."""
