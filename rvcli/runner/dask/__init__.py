"""Parts of the runner for Dask."""
