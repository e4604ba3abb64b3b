"""Runners: execute the commands of a plan, here or elsewhere."""
