"""Messages as JSON: round trips, and errors that name the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli.errors import MessageError, NotReadableError
from rvcli.filesystem import ProtobufParseException
from rvcli.protos.command_pb2 import CommandConfig
from rvcli.utils.files import load_json_config, save_json_config


def test_round_trip(tmp_path: Path) -> None:
    """A message comes back as it was, with integers and letters beyond ASCII."""
    message = CommandConfig(command_type="CHIP", root_uri="/räume", split_id=3)
    message.chip_config.train_scenes.add().id = "ä"
    uri = str(tmp_path / "m.json")
    save_json_config(message, uri)
    assert message == load_json_config(uri, CommandConfig())
    assert "räume" in Path(uri).read_text(encoding="utf-8")


def test_equal_messages_give_equal_texts(tmp_path: Path) -> None:
    """The order in which a Struct was filled does not show."""
    texts = set()
    for names in ("abcdefgh", "hgfedcba"):
        message = CommandConfig()
        for name in names:
            message.custom_config[name] = 1
        save_json_config(message, str(tmp_path / "m.json"))
        texts.add((tmp_path / "m.json").read_text())
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ('{"rootUri": "a",\n "x" "b"}', 2, "Expecting ':' delimiter, column 6", "no valid JSON"),
        ("", 1, "Expecting value", "no valid JSON"),
        (
            '{\n"chip_config": {\n"trainScene": []}}',
            3,
            "there is no field 'trainScene'",
            "did you mean 'trainScenes'?",
        ),
        (
            '{"commandType": "a",\n"chipConfig": {"trainScenes": [{"id": "a"},\n{"idd": "b"}]}}',
            3,
            "there is no field 'idd'",
            "did you mean 'id'?",
        ),
        ('{\n"zzz": 1}', 2, "there is no field 'zzz'", "the fields are: commandType, "),
        ('{"rootUri": "a",\n"splitId": "abc"}', 2, "splitId: invalid literal", ""),
        (
            '{"chipConfig": {"task":\n{"taskType": 3}}}',
            2,
            "taskType: expected string",
            "",
        ),
        ('{"chipConfig": {},\n"trainConfig": {}}', None, "multiple", ""),
    ],
)
def test_errors_name_the_place(
    tmp_path: Path, text: str, line: int | None, message: str, hint: str
) -> None:
    """What is wrong is told with file, line and the nearest field."""
    uri = str(tmp_path / "m ü.json")
    Path(uri).write_text(text)
    with pytest.raises(ProtobufParseException) as caught:
        load_json_config(uri, CommandConfig())
    place = f"{uri}:{line}" if line else uri
    assert str(caught.value).startswith(f"{place} is no CommandConfig message: ")
    assert message in str(caught.value)
    assert hint in (caught.value.hint or "")
    assert isinstance(caught.value, MessageError)


def test_escaped_key_has_no_line(tmp_path: Path) -> None:
    """A key that is written in another way than it reads is named without a line."""
    (tmp_path / "m").write_text('{"\\u007a": 1}')
    with pytest.raises(ProtobufParseException, match="m is no CommandConfig message"):
        load_json_config(str(tmp_path / "m"), CommandConfig())


def test_missing_message(tmp_path: Path) -> None:
    """A file that is not there is not readable."""
    with pytest.raises(NotReadableError):
        load_json_config(str(tmp_path / "m.json"), CommandConfig())
