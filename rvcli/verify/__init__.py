"""Prove plugins, each in a fresh process, and explain what is wrong with them."""

from rvcli.verify.remote import verify_as_remote
from rvcli.verify.report import Check, Finding, PluginReport, Report
from rvcli.verify.verify import verify_plugins

__all__ = ["Check", "Finding", "PluginReport", "Report", "verify_as_remote", "verify_plugins"]
