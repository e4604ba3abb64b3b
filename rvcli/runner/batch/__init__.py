"""Parts of the runner for AWS Batch."""
