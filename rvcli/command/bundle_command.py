"""The bundle command: a predict package in one file."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from rvcli import registry
from rvcli.command.command import Command
from rvcli.filesystem import base_name
from rvcli.plugins import PluginPin, loaded_in, pins_for, ship, to_message

BUNDLE_CONFIG_FILE = "bundle_config.json"

log = logging.getLogger(__name__)


class BundleCommand(Command):
    """Packs the model and all that predicting needs into one zip file.

    The package holds `bundle_config.json`, a command message whose URIs are base names, the files
    that it names, and a self-test.
    """

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Collect the files and write the package."""
        from rvcli.package.self_test import add_digests, add_self_test
        from rvcli.stac.model_item import write_model_item
        from rvcli.utils.files import save_json_config, upload_or_copy, zipdir

        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        # A part that cannot be copied is changed by packing.
        package_uri = config.task.predict_package_uri
        if not package_uri:
            log.warning("no predict package is made: the task does not say where it goes")
            return
        bundle_dir = Path(tmp_dir) / "bundle"
        bundle_dir.mkdir(parents=True, exist_ok=True)
        message = self._pack(str(bundle_dir))
        save_json_config(message, str(bundle_dir / BUNDLE_CONFIG_FILE))
        add_self_test(str(bundle_dir), config, tmp_dir)
        # It lists the files, those of the self-test among them.
        write_model_item(str(bundle_dir), config)
        add_digests(str(bundle_dir))
        package = str(Path(tmp_dir) / "predict_package.zip")
        zipdir(str(bundle_dir), package)
        upload_or_copy(package, package_uri)

    def _pack(self, bundle_dir: str) -> Any:
        """Copy the files of every part; return the message that names them."""
        config = self.command_config.clone()
        for field_name in ("task", "backend", "scene"):
            packed, _ = getattr(config, field_name).save_bundle_files(bundle_dir)
            setattr(config, field_name, packed)
        config.analyzers = [a.save_bundle_files(bundle_dir)[0] for a in config.analyzers]
        config.task.predict_package_uri = base_name(config.task.predict_package_uri or "")
        config.root_uri = "."
        config.set_stamp("", to_message(self._pack_plugins(bundle_dir)))
        return config.to_proto()

    def _pack_plugins(self, bundle_dir: str) -> list[PluginPin]:
        """Copy the plugins that predicting needs; name the copies relative to the package."""
        loaded = loaded_in(registry.current())
        pins = pins_for(self.command_config.used_entries(), loaded) if loaded else []
        return [
            replace(pin, shipped_uri=Path(pin.shipped_uri).relative_to(bundle_dir).as_posix())
            if pin.shipped_uri
            else pin
            for pin in ship(pins, loaded, bundle_dir)
        ]
