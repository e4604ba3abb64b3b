"""A file system with the static methods of the interface, and no more."""

import rvcli as rv


class OddFileSystem(rv.FileSystem):
    """Answers for odd://."""

    @staticmethod
    def matches_uri(uri, mode):
        """Answer for the own scheme."""
        return uri.startswith("odd://")

    @staticmethod
    def file_exists(uri, include_dir=True):
        """Find nothing."""
        return False

    @staticmethod
    def read_str(uri):
        """Read nothing."""
        return ""

    @staticmethod
    def read_bytes(uri):
        """Read nothing."""
        return b""

    @staticmethod
    def write_str(uri, data):
        """Write nothing."""

    @staticmethod
    def write_bytes(uri, data):
        """Write nothing."""

    @staticmethod
    def sync_to_dir(src_dir_uri, dest_dir_uri, delete=False):
        """Copy nothing."""

    @staticmethod
    def sync_from_dir(src_dir_uri, dest_dir_uri, delete=False):
        """Copy nothing."""

    @staticmethod
    def copy_to(src_path, dst_uri):
        """Copy nothing."""

    @staticmethod
    def copy_from(uri, path):
        """Copy nothing."""

    @staticmethod
    def local_path(uri, download_dir):
        """Return a path."""
        return download_dir

    @staticmethod
    def last_modified(uri):
        """Know nothing."""

    @staticmethod
    def list_paths(uri, ext=None):
        """List nothing."""
        return []


def register_plugin(plugin_registry):
    """Register the file system."""
    plugin_registry.register_filesystem(OddFileSystem)
