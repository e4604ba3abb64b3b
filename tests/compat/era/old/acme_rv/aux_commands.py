import os

import rastervision as rv
from rastervision.utils.files import download_if_needed, get_local_path, make_dir, upload_or_copy

from acme_rv.keys import ANNOUNCE, THUMBNAIL


class ThumbnailCommand(rv.AuxCommand):
    """Writes a small picture beside each image."""
    command_type = THUMBNAIL
    command_options = rv.AuxCommandOptions(
        split_on='uris',
        inputs=lambda conf: [pair[0] for pair in conf['uris']],
        outputs=lambda conf: map(lambda pair: pair[1], conf['uris']),
        required_fields=['uris'])

    def run(self, tmp_dir=None):
        if not tmp_dir:
            tmp_dir = self.get_tmp_dir()
        import rasterio
        from rastervision.utils.misc import save_img

        every = int(self.command_config.get('every', 8))
        for source_uri, dest_uri in self.command_config['uris']:
            with rasterio.open(download_if_needed(source_uri, tmp_dir)) as ds:
                image = ds.read([1, 2, 3])[:, ::every, ::every]
            local_path = get_local_path(dest_uri, tmp_dir)
            make_dir(local_path, use_dirname=True)
            save_img(image.transpose(1, 2, 0), local_path)
            upload_or_copy(local_path, dest_uri)


class AnnounceCommand(rv.AuxCommand):
    """Tells the team that an evaluation is there."""
    command_type = ANNOUNCE
    command_options = rv.AuxCommandOptions(
        inputs=lambda conf: conf['eval_uri'],
        outputs=lambda conf: '.announced',
        include_by_default=True,
        required_fields=['eval_uri', 'board'])

    def run(self):
        from rastervision.utils.files import file_to_json

        assert os.path.isdir(self.get_tmp_dir())
        overall = file_to_json(self.command_config['eval_uri'])['overall']
        average = [item for item in overall if item['class_name'] == 'average'][0]
        with open(self.command_config['board'], 'a') as board:
            board.write('{} f1 {:.2f}\n'.format(self.command_config['title'], average['f1']))
