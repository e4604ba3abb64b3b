"""What the experiments beside this file share."""

import os

from rastervision.utils.files import file_to_str, list_paths


def str_to_bool(x):
    if type(x) == str:
        if x.lower() == 'true':
            return True
        elif x.lower() == 'false':
            return False
        else:
            raise ValueError('{} is expected to be true or false'.format(x))
    return x


def get_scene_info(csv_uri):
    """Rows of a CSV file: image, labels."""
    lines = file_to_str(csv_uri).strip().split('\n')
    return [line.split(',') for line in lines if line]


def ids_of(dir_uri, ext, prefix=''):
    names = [os.path.basename(path) for path in list_paths(dir_uri, ext=ext)]
    return sorted(name[len(prefix):-len(ext)] for name in filter(
        lambda name: name.startswith(prefix), names))
