import os
from os.path import join
import pickle
import uuid
import zipfile
from typing import Any, Dict, List, Optional

import numpy as np

from rastervision.backend import Backend
from rastervision.core.box import Box
from rastervision.data.label import ChipClassificationLabels
from rastervision.utils.files import (get_local_path, make_dir, upload_or_copy, list_paths,
                                      download_if_needed, sync_from_dir, sync_to_dir, str_to_file,
                                      zipdir)


def describe_chip(chip: np.ndarray) -> np.ndarray:
    """Statistics of each band, and how rough it is."""
    bands = chip.astype(np.float32).reshape(-1, chip.shape[-1])
    rough = [np.abs(np.diff(chip.astype(np.float32), axis=a)).mean(axis=(0, 1)) for a in (0, 1)]
    percentiles = np.percentile(bands, [5, 25, 50, 75, 95], axis=0)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0), *rough, percentiles.ravel()])


class AcmeChips(Backend):
    def __init__(self, task_config, backend_opts, train_opts):
        self.task_config = task_config
        self.backend_opts = backend_opts
        self.train_opts = train_opts
        self.model = None  # type: Optional[Any]

    def log_options(self):
        print('backend_opts:', sorted(self.backend_opts.__dict__))
        print(f'train_opts: {self.train_opts.__dict__}')

    def process_scene_data(self, scene, data, tmp_dir):
        """Write the chips of a scene to {scene_id}/{class_name}/."""
        scene_dir = join(tmp_dir, str(scene.id))
        for ind, (chip, window, labels) in enumerate(data):
            class_id = labels.get_cell_class_id(window)
            # If a chip is not associated with a class, don't use it in training data.
            if class_id is None:
                continue
            class_name = self.task_config.class_map.get_by_id(class_id).name
            class_dir = join(scene_dir, class_name)
            make_dir(class_dir)
            np.save(join(class_dir, f'{scene.id}-{ind}.npy'), chip)
        return scene_dir

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        self.log_options()
        group = str(uuid.uuid4())
        group_uri = join(self.backend_opts.chip_uri, f'{group}.zip')
        group_path = get_local_path(group_uri, tmp_dir)
        make_dir(group_path, use_dirname=True)

        with zipfile.ZipFile(group_path, 'w', zipfile.ZIP_DEFLATED) as zipf:

            def _write_zip(results: List[str], split: str):
                for scene_dir in results:
                    for root, _, names in os.walk(scene_dir):
                        for name in names:
                            class_name = os.path.basename(root)
                            zipf.write(join(root, name), join(split, class_name, name))

            _write_zip(training_results, 'train')
            _write_zip(validation_results, 'valid')
        upload_or_copy(group_path, group_uri)

    def train(self, tmp_dir):
        from sklearn.ensemble import RandomForestClassifier

        self.log_options()
        train_uri = self.backend_opts.train_uri
        train_dir = get_local_path(train_uri, tmp_dir)
        make_dir(train_dir)
        sync_from_dir(train_uri, train_dir)

        chip_dir = join(tmp_dir, 'chips')
        make_dir(chip_dir)
        for zip_uri in list_paths(self.backend_opts.chip_uri, 'zip'):
            zip_path = download_if_needed(zip_uri, tmp_dir)
            with zipfile.ZipFile(zip_path, 'r') as zipf:
                zipf.extractall(chip_dir)

        features, classes = [], []
        for name in self.task_config.class_map.get_class_names():
            item = self.task_config.class_map.get_by_name(name)
            class_dir = join(chip_dir, 'train', name)
            for chip_name in sorted(os.listdir(class_dir)) if os.path.isdir(class_dir) else []:
                features.append(self.describe(np.load(join(class_dir, chip_name))))
                classes.append(item.id)
        model = RandomForestClassifier(
            self.train_opts.num_trees,
            max_depth=self.train_opts.max_depth,
            class_weight='balanced' if self.train_opts.balance else None,
            random_state=1)
        model.fit(np.array(features), classes)

        model_path = get_local_path(self.backend_opts.model_uri, tmp_dir)
        make_dir(model_path, use_dirname=True)
        with open(model_path, 'wb') as f:
            pickle.dump(model, f)
        upload_or_copy(model_path, self.backend_opts.model_uri)
        sync_to_dir(train_dir, train_uri)

    def describe(self, chip):
        bands = self.train_opts.bands
        return describe_chip(chip[..., [int(b) for b in bands]] if bands else chip)

    def load_model(self, tmp_dir):
        """Load the model in preparation for one or more prediction calls."""
        if self.model is None:
            path = download_if_needed(self.backend_opts.model_uri, tmp_dir)
            with open(path, 'rb') as f:
                self.model = pickle.load(f)

    def predict(self, chips: np.ndarray, windows: List[Box],
                tmp_dir: str) -> ChipClassificationLabels:
        assert isinstance(chips, np.ndarray), type(chips)
        found = self.model.predict_proba(np.array([self.describe(chip) for chip in chips]))
        labels = ChipClassificationLabels()
        for scores, window in zip(found, windows):
            class_id = int(self.model.classes_[scores.argmax()])
            labels.set_cell(window, class_id, list(scores))
        return labels
