"""A dead man's switch on the Prefect server: it notifies when the watch falls silent.

    python -m crm_ibis.flows.automation TYPE/NAME [AFTER]

installs it, or brings it up to date. TYPE/NAME is a notification block of your server's, such as
slack-webhook/oncall, through which the server itself notifies while nothing else is alive. AFTER is
how long the watch may be silent, such as 30min; by default as long as three of its runs take. It
notifies again after as long, until the watch is back.
"""

import sys
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.automations import Automation
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.events import EventTrigger
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import Posture
from prefect.events.schemas.events import ResourceSpecification

from crm_ibis.config.declarations import jobs, watch_job
from crm_ibis.config.validation import duration_microseconds
from crm_ibis.errors import UsageError
from crm_ibis.operations.schedule import next_scheduled
from crm_ibis.runlog import clock

from .watch import RESOURCE, WATCHED

NAME = "crm_ibis: the watch is silent"
MISSED = 3
"""So many runs of the watch may be missing before the server notifies."""


def main(block: str, after: str = "") -> str:
    """Makes or updates the automation, of which there is one; says what was done."""
    notifier = _block(block)
    within = _duration(after) if after else MISSED * _period()
    wanted = Automation(
        name=NAME,
        description="No run of the watch has ended well for this long; see `crm-ibis status`.",
        trigger=EventTrigger(
            expect={WATCHED},
            match=ResourceSpecification.model_validate(RESOURCE),
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[
            SendNotification(
                block_document_id=cast(UUID, notifier._block_document_id),
                subject="crm_ibis: the watch is silent",
                body=f"No run of the watch has ended well for {within}. Is the worker alive? "
                "Until then, nobody is notified of late tables.",
            )
        ],
    )
    known = _installed()
    if known is None:
        wanted.create()
        return f"installed: notifies through {block} after {within} without the watch"
    wanted.id = known.id
    wanted.update()
    return f"updated: notifies through {block} after {within} without the watch"


def _block(block: str) -> Block:
    try:
        found = Block.load(block)
    except ValueError as error:
        raise UsageError(f"{error}; make a notification block in Prefect's UI, Blocks") from None
    if not isinstance(found, NotificationBlock):
        raise UsageError(f"the block {block} cannot notify; give one such as slack-webhook/oncall")
    return found


def _duration(text: str) -> timedelta:
    try:
        return timedelta(microseconds=duration_microseconds(text))
    except ValueError as error:
        raise UsageError(f"{text}: {error}") from None


def _period() -> timedelta:
    """From one run of the watch to the next."""
    declared = jobs()
    job = watch_job()
    first = next_scheduled(declared, job, clock.now())
    second = next_scheduled(declared, job, first) if first else None
    if first is None or second is None:
        raise UsageError("the watch has no schedule in jobs.yml; give AFTER, such as 30min")
    return second - first


def _installed() -> Automation | None:
    try:
        return cast(Automation, Automation.read(name=NAME))
    except ValueError:
        return None


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        print(main(*sys.argv[1:]))
    except UsageError as error:
        sys.exit(f"Error: {error}")
