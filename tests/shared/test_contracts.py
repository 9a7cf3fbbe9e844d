"""What waits in a queue over an upgrade still decodes: every contract against its golden bytes."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from shared.contracts import actions, codec, domain
from tests.shared.contract_samples import ACTIONS, SAMPLES

GOLDEN = Path(__file__).with_name("contracts.golden.jsonl").read_bytes().splitlines()


def name_of(sample: msgspec.Struct) -> str:
    if isinstance(sample, actions.ActionRequest):
        return type(sample.action).__name__
    return type(sample).__name__


@pytest.mark.parametrize(
    ("sample", "golden"),
    list(zip(SAMPLES, GOLDEN, strict=True)),
    ids=[name_of(sample) for sample in SAMPLES],
)
def test_a_contract_decodes_from_the_bytes_it_once_had(
    sample: msgspec.Struct, golden: bytes
) -> None:
    decoded = codec.decode(golden, type(sample))

    assert codec.encode(decoded) == codec.encode(sample)


def test_every_action_and_every_domain_event_has_a_sample() -> None:
    sampled = {type(action) for action in ACTIONS} | {type(sample) for sample in SAMPLES}

    assert {*get_args(actions.Action), *get_args(domain.DomainEvent)} <= sampled


def test_a_field_that_a_newer_version_added_is_passed_over() -> None:
    golden = msgspec.json.decode(GOLDEN[0])
    golden["added_later"] = {"by": "a newer version"}

    decoded = codec.decode(msgspec.json.encode(golden), type(SAMPLES[0]))

    assert codec.encode(decoded) == codec.encode(SAMPLES[0])


def test_ids_are_read_from_strings_as_discord_sends_them() -> None:
    assert codec.decode(b'{"user_id": "80351110224678912"}', actions.GetUser).user_id == (
        80_351_110_224_678_912
    )
