"""vault://name is a file below the directory that the profile names in section VAULT."""

import os
import shutil
from datetime import datetime, timezone

from rastervision.filesystem import FileSystem
from rastervision.filesystem.filesystem import NotReadableError, NotWritableError
from rastervision.rv_config import RVConfig
from rastervision.utils.files import make_dir

PREFIX = 'vault://'


class VaultFileSystem(FileSystem):
    @staticmethod
    def _place(uri: str) -> str:
        root = RVConfig.get_instance().get_subconfig('VAULT')('root')
        return os.path.join(root, uri[len(PREFIX):])

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        return uri.startswith(PREFIX)

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        place = VaultFileSystem._place(uri)
        return os.path.exists(place) if include_dir else os.path.isfile(place)

    @staticmethod
    def read_str(uri: str) -> str:
        return VaultFileSystem.read_bytes(uri).decode('utf-8')

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        try:
            with open(VaultFileSystem._place(uri), 'rb') as f:
                return f.read()
        except Exception as e:
            raise NotReadableError('Could not read {}'.format(uri)) from e

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        VaultFileSystem.write_bytes(uri, data.encode('utf-8'))

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        place = VaultFileSystem._place(uri)
        make_dir(place, use_dirname=True)
        try:
            with open(place, 'wb') as f:
                f.write(data)
        except Exception as e:
            raise NotWritableError('Could not write {}'.format(uri)) from e

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        shutil.copytree(src_dir_uri, VaultFileSystem._place(dest_dir_uri), dirs_exist_ok=True)

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        place = VaultFileSystem._place(src_dir_uri)
        if os.path.isdir(place):
            shutil.copytree(place, dest_dir_uri, dirs_exist_ok=True)

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        place = VaultFileSystem._place(dst_uri)
        make_dir(place, use_dirname=True)
        try:
            shutil.copy(src_path, place)
        except Exception as e:
            raise NotWritableError('Could not write {}'.format(dst_uri)) from e

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        try:
            shutil.copy(VaultFileSystem._place(uri), path)
        except Exception as e:
            raise NotReadableError('Could not read {}'.format(uri)) from e

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        return os.path.join(download_dir, 'vault', uri[len(PREFIX):])

    @staticmethod
    def last_modified(uri: str) -> datetime:
        return datetime.fromtimestamp(
            os.path.getmtime(VaultFileSystem._place(uri)), tz=timezone.utc)

    @staticmethod
    def list_paths(uri: str, ext=''):
        found = []
        place = VaultFileSystem._place(uri)
        for root, _, names in os.walk(place):
            for name in sorted(names):
                if name.endswith(ext or ''):
                    inner = os.path.relpath(os.path.join(root, name), place)
                    found.append(os.path.join(uri, inner))
        return found
