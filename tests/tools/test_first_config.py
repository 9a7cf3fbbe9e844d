"""The configuration that the demo begins with is one that Flotilla reads."""

from shared.config.reading import load_yaml
from tools.first_config import first_config


def test_the_demo_begins_with_a_mod_log_and_with_members_who_are_told() -> None:
    plugin = load_yaml(first_config("1486072861163520000")).plugins.infractions

    assert plugin.modlog_channel == 1486072861163520000
    assert plugin.notify_user
    assert plugin.own_record
