"""Two runners: one that runs all here, and one that hands commands to a queue."""

import os
import shlex
import subprocess
import sys

import rastervision as rv
from rastervision.rv_config import RVConfig
from rastervision.runner import ExperimentRunner
from rastervision.runner.command_runner import CommandRunner
from rastervision.runner.out_of_process_experiment_runner import OutOfProcessExperimentRunner
from rastervision.utils.files import save_json_config


class SerialRunner(ExperimentRunner):
    def __init__(self, tmp_dir=None):
        self.tmp_dir = tmp_dir or RVConfig.get_tmp_dir_root()

    def _run_experiment(self, command_dag):
        """Run all commands, one after the other."""
        for command_id in command_dag.get_sorted_command_ids():
            command_config = command_dag.get_command(command_id)
            command_root_uri = command_config.root_uri
            command_basename = 'command-config-{}.json'.format(command_config.split_id)
            command_uri = os.path.join(command_root_uri, command_basename)
            print('Saving command configuration to {}...'.format(command_uri))
            save_json_config(command_config.to_proto(), command_uri)
            CommandRunner.run(command_uri)


class QueueRunner(OutOfProcessExperimentRunner):
    """A queue as a cloud has it: jobs know those that they wait for."""

    def __init__(self):
        super().__init__()
        rv_config = RVConfig.get_instance()
        queue_config = rv_config.get_subconfig('ACME_QUEUE')
        self.log_uri = queue_config('log')
        self.vcpus = queue_config('vcpus', parser=int, default='2')
        self.submit = self.queue_submit
        self.execution_environment = 'Queue'
        self.job_ids = []

    def queue_submit(self,
                     command_type,
                     command_split_id,
                     experiment_id,
                     command,
                     parent_job_ids=None,
                     array_size=None,
                     utilizes_gpu=False):
        if parent_job_ids is None:
            parent_job_ids = []
        unknown = [p for p in parent_job_ids if p not in self.job_ids]
        assert not unknown, unknown
        if isinstance(command, str):
            command = shlex.split(command)
        job_id = 'job-{}'.format(len(self.job_ids))
        with open(self.log_uri, 'a') as log:
            log.write('{} {} {} {} after {}\n'.format(
                job_id, experiment_id, command_type, command_split_id,
                ','.join(sorted(parent_job_ids)) or '-'))
        subprocess.run(command, check=True)
        self.job_ids.append(job_id)
        return job_id
