"""What our team adds, as one package: PLUGINS.modules = acme_rv."""

import rastervision as rv

from acme_rv.aux_commands import AnnounceCommand, ThumbnailCommand
from acme_rv.keys import *
from .runners import QueueRunner, SerialRunner
from .vault import VaultFileSystem


def register_plugin(plugin_registry):
    from acme_rv.backend_config import AcmeChipsConfigBuilder
    from .commands import ZonalCommandConfigBuilder

    plugin_registry.register_config_builder(rv.BACKEND, ACME_CHIPS, AcmeChipsConfigBuilder)
    plugin_registry.register_command_config_builder(ZONAL, ZonalCommandConfigBuilder)
    plugin_registry.register_aux_command(THUMBNAIL, ThumbnailCommand)
    plugin_registry.register_aux_command(ANNOUNCE, AnnounceCommand)
    plugin_registry.register_experiment_runner('ACME_SERIAL', SerialRunner)
    plugin_registry.register_experiment_runner('ACME_QUEUE', QueueRunner)
    plugin_registry.register_filesystem(VaultFileSystem)
