"""A file system, default providers and a runner written the classic way.

`attic://name` is the file `name` in the directory that the profile calls CLASSIC_ATTIC.
"""

import os
import shutil
from datetime import datetime, timezone

import rvcli as rv
from rvcli.filesystem import FileSystem, NotReadableError
from rvcli.runner.command_runner import CommandRunner
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.utils.files import save_json_config


def place_of(uri):
    section = rv.RVConfig.get_instance().get_subconfig("CLASSIC_ATTIC")
    return os.path.join(section("directory"), uri[len("attic://") :])


class AtticFileSystem(FileSystem):
    @staticmethod
    def matches_uri(uri, mode):
        return uri.startswith("attic://")

    @staticmethod
    def file_exists(uri, include_dir=True):
        path = place_of(uri)
        return os.path.isfile(path) or (include_dir and os.path.isdir(path))

    @staticmethod
    def read_str(uri):
        return AtticFileSystem.read_bytes(uri).decode("utf-8")

    @staticmethod
    def read_bytes(uri):
        try:
            with open(place_of(uri), "rb") as file:
                return file.read()
        except OSError as e:
            raise NotReadableError("Could not read {}".format(uri)) from e

    @staticmethod
    def write_str(uri, data):
        AtticFileSystem.write_bytes(uri, data.encode("utf-8"))

    @staticmethod
    def write_bytes(uri, data):
        path = place_of(uri)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    @staticmethod
    def sync_to_dir(src_dir_uri, dest_dir_uri, delete=False):
        shutil.copytree(src_dir_uri, place_of(dest_dir_uri), dirs_exist_ok=True)

    @staticmethod
    def sync_from_dir(src_dir_uri, dest_dir_uri, delete=False):
        shutil.copytree(place_of(src_dir_uri), dest_dir_uri, dirs_exist_ok=True)

    @staticmethod
    def copy_to(src_path, dst_uri):
        with open(src_path, "rb") as file:
            AtticFileSystem.write_bytes(dst_uri, file.read())

    @staticmethod
    def copy_from(uri, path):
        with open(path, "wb") as file:
            file.write(AtticFileSystem.read_bytes(uri))

    @staticmethod
    def local_path(uri, download_dir):
        return os.path.join(download_dir, "attic", uri[len("attic://") :])

    @staticmethod
    def last_modified(uri):
        return datetime.fromtimestamp(os.path.getmtime(place_of(uri)), tz=timezone.utc)

    @staticmethod
    def list_paths(uri, ext=None):
        top = place_of(uri)
        found = []
        for directory, _, names in os.walk(top):
            for name in names:
                path = os.path.relpath(os.path.join(directory, name), top)
                if ext is None or path.endswith(ext):
                    found.append("{}/{}".format(uri, path))
        return found


class ArrayProvider(rv.data.RasterSourceDefaultProvider):
    @staticmethod
    def handles(uri):
        return uri.endswith(".npy")

    @staticmethod
    def construct(uri, channel_order=None):
        builder = rv.RasterSourceConfig.builder("CLASSIC_ARRAY_SOURCE").with_uri(uri)
        return builder.with_channel_order(channel_order).build()


class ShapesProvider(rv.data.VectorSourceDefaultProvider):
    @staticmethod
    def handles(uri):
        return uri.endswith(".shapes.json")

    @staticmethod
    def construct(uri):
        return rv.VectorSourceConfig.builder("CLASSIC_SHAPES").with_uri(uri).build()


class LabelsProvider(rv.data.LabelSourceDefaultProvider):
    @staticmethod
    def handles(task_type, uri):
        return task_type == "CLASSIC_TASK"

    @staticmethod
    def construct(uri):
        vectors = ShapesProvider.construct(uri)
        builder = rv.LabelSourceConfig.builder("CLASSIC_LABELS")
        return builder.with_vector_source(vectors).build()


class StoreProvider(rv.data.LabelStoreDefaultProvider):
    @staticmethod
    def is_default_for(task_type):
        return task_type == "CLASSIC_TASK"

    @staticmethod
    def handles(task_type, uri):
        return task_type == "CLASSIC_TASK" and uri.endswith(".npy")

    @staticmethod
    def construct(uri=None):
        builder = rv.LabelStoreConfig.builder("CLASSIC_ARRAY_STORE")
        if uri is not None:
            builder = builder.with_uri(uri)
        return builder.build()


class AccuracyProvider(rv.evaluation.EvaluatorDefaultProvider):
    @staticmethod
    def is_default_for(task_type):
        return task_type == "CLASSIC_TASK"

    @staticmethod
    def construct(task):
        return rv.EvaluatorConfig.builder("CLASSIC_ACCURACY").with_task(task).build()


class OneByOneRunner(ExperimentRunner):
    """Writes each message itself and runs it here; knows nothing of the base's __init__."""

    def __init__(self, tmp_dir=None):
        self.tmp_dir = tmp_dir

    def _run_experiment(self, command_dag):
        for command_id in command_dag.get_sorted_command_ids():
            upstream = command_dag.get_upstream_command_ids(command_id)
            print("one by one: {} after {}".format(command_id, sorted(upstream)))
            command_config = command_dag.get_command(command_id)
            uri = os.path.join(
                command_config.root_uri, "command-config-{}.json".format(command_config.split_id)
            )
            save_json_config(command_config.to_proto(), uri)
            CommandRunner.run(uri)


def register_plugin(plugin_registry):
    plugin_registry.register_filesystem(AtticFileSystem)
    plugin_registry.register_default_raster_source(ArrayProvider)
    plugin_registry.register_default_vector_source(ShapesProvider)
    plugin_registry.register_default_label_source(LabelsProvider)
    plugin_registry.register_default_label_store(StoreProvider)
    plugin_registry.register_default_evaluator(AccuracyProvider)
    plugin_registry.register_experiment_runner("ONE_BY_ONE", OneByOneRunner)
