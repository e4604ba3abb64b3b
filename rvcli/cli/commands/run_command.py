"""`rv run-command`: the worker. Runs the one command that a message describes."""

from __future__ import annotations

import click

from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State


@click.command("run-command", cls=Program)
@click.argument("message_uri", metavar="URI")
@click.option("--tempdir", metavar="DIR", help="Where temporary files go.")
@click.option(
    "--attached", is_flag=True, hidden=True, help="End when the standard input is closed."
)
@click.option(
    "--fingerprint", metavar="HEX", hidden=True, help="Refuse a message that bears another one."
)
@click.option(
    "--array",
    "is_array",
    is_flag=True,
    hidden=True,
    help="URI is a list of messages, of which AWS_BATCH_JOB_ARRAY_INDEX chooses one.",
)
@click.option(
    "--backoff",
    "backoff_s",
    type=float,
    default=0.0,
    hidden=True,
    help="Seconds to wait before the second attempt that AWS Batch makes, longer before others.",
)
@shared_options()
@click.pass_obj
def command(
    state: State,
    message_uri: str,
    tempdir: str | None,
    attached: bool,
    fingerprint: str | None,
    is_array: bool,
    backoff_s: float,
) -> None:
    """Run one command from its message, as runners do.

    Exactly the plugins that the message pins are loaded; where they are not what they were,
    nothing runs.
    """
    import sys

    from rvcli import profile
    from rvcli.cli.interrupts import end_with_input, terminations_interrupt

    state.is_worker = True
    if attached:
        end_with_input()
    with terminations_interrupt(), profile.use(state.settings()) as settings:
        from rvcli.cli.logs import log_to_stderr
        from rvcli.progress import use_sink
        from rvcli.runner.command_runner import CommandRunner
        from rvcli.runner.progress_lines import write_progress, write_waiting

        log_to_stderr(settings, state.verbosity, is_worker=True)
        if backoff_s > 0:
            from rvcli.runner.batch.worker import wait_before_attempt

            wait_before_attempt(backoff_s)
        if is_array:
            from rvcli.runner.batch.worker import item_of_array

            message_uri, fingerprint = item_of_array(message_uri)
        with use_sink(lambda event: write_progress(event, sys.stdout)):
            worked = CommandRunner.run(
                message_uri,
                fingerprint=fingerprint,
                tmp_dir=tempdir,
                on_wait=lambda text: write_waiting(text, sys.stdout),
                on_settings=lambda found: log_to_stderr(found, state.verbosity, is_worker=True),
            )
        if not worked and not state.is_quiet:
            print("another run has done this meanwhile")
