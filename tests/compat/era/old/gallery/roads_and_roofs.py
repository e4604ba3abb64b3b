"""Roads or buildings of a desert town, from tiles that a challenge gave away.

One class per target, labels from GeoJSON or from vector tiles, three tasks.
"""

import random
import re
from abc import abstractmethod
from os.path import join

import rastervision as rv
from rastervision.data.label_source.chip_classification_label_source_config import \
    ChipClassificationLabelSourceConfig
from rastervision.task.chip_classification_config import ChipClassificationConfig
from rastervision.task.semantic_segmentation_config import SemanticSegmentationConfig
from rastervision.utils.files import list_paths

from helpers import str_to_bool

BUILDINGS = 'buildings'
ROADS = 'roads'


class TownConfig(object):
    def __init__(self, raw_uri):
        self.base_uri = raw_uri

    @staticmethod
    def create(raw_uri, target):
        if target.lower() == BUILDINGS:
            return BuildingsOfTown(raw_uri)
        elif target.lower() == ROADS:
            return RoadsOfTown(raw_uri)
        else:
            raise ValueError('{} is not a valid target.'.format(target))

    def get_raster_source_uri(self, id):
        return join(self.base_uri, self.raster_dir, '{}{}.tif'.format(self.raster_prefix, id))

    def get_geojson_uri(self, id):
        return join(self.base_uri, self.label_dir, '{}{}.geojson'.format(self.label_prefix, id))

    def get_scene_ids(self):
        label_dir = join(self.base_uri, self.label_dir)
        label_re = re.compile(r'.*{}(\d+)\.geojson'.format(self.label_prefix))
        return [label_re.match(path).group(1) for path in list_paths(label_dir, ext='.geojson')]

    @abstractmethod
    def get_class_map(self):
        pass

    @abstractmethod
    def get_class_id_to_filter(self):
        pass


class RoadsOfTown(TownConfig):
    raster_dir, raster_prefix = 'RGB-PanSharpen', 'RGB-PanSharpen_img'
    label_dir, label_prefix = 'geojson/roads', 'roads_img'

    def get_class_map(self):
        # First class should be background when using GeoJSONRasterSource
        return {'Road': (1, 'orange'), 'Background': (2, 'black')}

    def get_class_id_to_filter(self):
        return {1: ['has', 'highway']}


class BuildingsOfTown(TownConfig):
    raster_dir, raster_prefix = 'RGB-PanSharpen', 'RGB-PanSharpen_img'
    label_dir, label_prefix = 'geojson/buildings', 'buildings_img'

    def get_class_map(self):
        return {'Building': (1, 'orange'), 'Background': (2, 'black')}

    def get_class_id_to_filter(self):
        return {1: ['has', 'building']}


def build_scene(config, task, id, channel_order=None, vector_tile_options=None):
    # Need to use stats_transformer because imagery is uint16.
    raster_source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE) \
        .with_uri(config.get_raster_source_uri(id)) \
        .with_channel_order(channel_order) \
        .with_stats_transformer() \
        .build()

    # Set a line buffer to convert line strings to polygons.
    if vector_tile_options is None:
        vector_source = rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE) \
            .with_uri(config.get_geojson_uri(id)) \
            .with_buffers(line_bufs={1: 15}) \
            .build()
    else:
        uri, zoom, id_field = vector_tile_options.split(',')
        vector_source = rv.VectorSourceConfig.builder(rv.VECTOR_TILE_SOURCE) \
            .with_class_inference(class_id_to_filter=config.get_class_id_to_filter(),
                                  default_class_id=None) \
            .with_uri(uri) \
            .with_zoom(int(zoom)) \
            .with_id_field(id_field) \
            .with_buffers(line_bufs={1: 15}) \
            .build()

    scene = rv.SceneConfig.builder() \
        .with_task(task) \
        .with_id(id) \
        .with_raster_source(raster_source)

    if isinstance(task, SemanticSegmentationConfig):
        label_raster_source = rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE) \
            .with_vector_source(vector_source) \
            .with_rasterizer_options(2) \
            .build()
        label_source = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION) \
            .with_raster_source(label_raster_source) \
            .build()
        vector_output = {'mode': 'buildings' if 'Building' in config.get_class_map()
                         else 'polygons', 'class_id': 1, 'denoise': 3}
        label_store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER) \
            .with_vector_output([vector_output]) \
            .build()
        scene = scene.with_label_store(label_store)
    elif isinstance(task, ChipClassificationConfig):
        label_source = rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION) \
            .with_vector_source(vector_source) \
            .with_ioa_thresh(0.01) \
            .with_use_intersection_over_cell(True) \
            .with_pick_min_class_id(True) \
            .with_background_class_id(2) \
            .with_infer_cells(True) \
            .build()
        assert isinstance(label_source, ChipClassificationLabelSourceConfig)
    else:
        label_source = rv.LabelSourceConfig.builder(rv.OBJECT_DETECTION) \
            .with_vector_source(vector_source) \
            .build()
    return scene.with_label_source(label_source).build()


def build_task(task_type, class_map):
    if task_type == rv.SEMANTIC_SEGMENTATION:
        return rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION) \
            .with_chip_size(325) \
            .with_classes(class_map) \
            .with_chip_options(chips_per_scene=9, debug_chip_probability=0.25,
                               negative_survival_probability=1.0, target_classes=[1],
                               target_count_threshold=1000) \
            .build()
    elif task_type == rv.CHIP_CLASSIFICATION:
        return rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION) \
            .with_chip_size(200) \
            .with_classes(class_map) \
            .build()
    elif task_type == rv.OBJECT_DETECTION:
        return rv.TaskConfig.builder(rv.OBJECT_DETECTION) \
            .with_chip_size(300) \
            .with_classes({'Building': (1, 'orange')}) \
            .with_chip_options(neg_ratio=1.0, ioa_thresh=0.8) \
            .with_predict_options(merge_thresh=0.1, score_thresh=0.5) \
            .build()
    raise Exception('{} is not a valid task_type'.format(task_type))


def build_backend(task, test, framework):
    debug = bool(test)
    if framework == 'tensorflow':
        key, defaults = {
            rv.SEMANTIC_SEGMENTATION: (rv.TF_DEEPLAB, rv.XCEPTION_65),
            rv.CHIP_CLASSIFICATION: (rv.KERAS_CLASSIFICATION, rv.RESNET50_IMAGENET),
            rv.OBJECT_DETECTION: (rv.TF_OBJECT_DETECTION, rv.SSD_MOBILENET_V1_COCO)
        }[task.task_type]
        b = rv.BackendConfig.builder(key) \
            .with_task(task) \
            .with_model_defaults(defaults) \
            .with_train_options(do_monitoring=True, replace_model=True) \
            .with_batch_size(1 if test else 8) \
            .with_debug(debug)
        if task.task_type == rv.CHIP_CLASSIFICATION:
            return b.with_num_epochs(1 if test else 40) \
                .with_config({'trainer': {'options': {'saveBest': True}}},
                             set_missing_keys=True, ignore_missing_keys=True) \
                .build()
        return b.with_num_steps(1 if test else int(1e5)).build()
    b = rv.BackendConfig.builder('PYTORCH_{}'.format(task.task_type)).with_task(task)
    return b.with_train_options(
        lr=1e-4,
        batch_size=1 if test else 8,
        num_epochs=1 if test else 5,
        model_arch='resnet18',
        debug=debug) \
        .build()


def validate_options(task_type, target, vector_tile_options):
    if task_type == rv.OBJECT_DETECTION and target == ROADS:
        raise ValueError('Roads are no objects.')
    if vector_tile_options is not None and len(vector_tile_options.split(',')) != 3:
        raise ValueError('vector_tile_options needs three comma-separated values.')


class TownExperiments(rv.ExperimentSet):
    def exp_main(self, raw_uri, root_uri, target=BUILDINGS, test=False,
                 task_type=rv.SEMANTIC_SEGMENTATION, framework='pytorch',
                 vector_tile_options=None):
        """Run an experiment on the town.

        Args:
            raw_uri: (str) directory of raw data
            root_uri: (str) root directory for experiment output
            target: (str) buildings or roads
            test: (bool) if True, run a very small experiment as a test
            task_type: (str) one of rv.SEMANTIC_SEGMENTATION, ...
            vector_tile_options: (str or None) 'uri,zoom,id_field'
        """
        test = str_to_bool(test)
        task_type = task_type.upper()
        exp_id = '{}-{}'.format(target, task_type.lower())
        validate_options(task_type, target, vector_tile_options)
        config = TownConfig.create(raw_uri, target)
        scene_ids = config.get_scene_ids()
        if len(scene_ids) == 0:
            raise ValueError('No scenes found. Something is configured incorrectly.')
        random.seed(5678)
        scene_ids = sorted(scene_ids)
        random.shuffle(scene_ids)
        split_ratio = 0.8
        num_train_ids = round(len(scene_ids) * split_ratio)
        train_ids = scene_ids[0:num_train_ids]
        val_ids = scene_ids[num_train_ids:]

        num_train_scenes = len(train_ids)
        num_val_scenes = len(val_ids)
        if test:
            exp_id += '-test'
            num_train_scenes = 1
            num_val_scenes = 1
        train_ids = train_ids[0:num_train_scenes]
        val_ids = val_ids[0:num_val_scenes]
        channel_order = [0, 1, 2]

        task = build_task(task_type, config.get_class_map())
        backend = build_backend(task, test, framework)
        train_scenes = [build_scene(config, task, id, channel_order, vector_tile_options)
                        for id in train_ids]
        val_scenes = [build_scene(config, task, id, channel_order, vector_tile_options)
                      for id in val_ids]
        dataset = rv.DatasetConfig.builder() \
            .with_train_scenes(train_scenes) \
            .with_validation_scenes(val_scenes) \
            .build()

        # Need to use stats_analyzer because imagery is uint16.
        experiment = rv.ExperimentConfig.builder() \
            .with_id(exp_id) \
            .with_task(task) \
            .with_backend(backend) \
            .with_analyzer(rv.AnalyzerConfig.builder(rv.STATS_ANALYZER)
                           .with_sample_prob(0.05 if test else 1.0).build()) \
            .with_dataset(dataset) \
            .with_root_uri(root_uri)
        return experiment.build()


if __name__ == '__main__':
    rv.main()
