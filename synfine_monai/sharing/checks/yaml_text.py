"""A YAML file of a bundle, parsed only after its own events showed nothing but plain mappings, lists and words."""

from typing import Any

import yaml

from synfine_monai.errors import ScanError

__all__ = ["MOST_CONFIG_BYTES", "load_yaml"]

MOST_CONFIG_BYTES, MOST_EVENTS, MOST_DEPTH = 200_000, 20_000, 20


def load_yaml(content: bytes, name: str) -> dict[str, Any]:
    """The mapping in a YAML file.

    Aliases, anchors, tags, merge keys, keys that are no words, keys twice and several documents are refused: they let
    a short text become a huge one, or one program read it otherwise than another.

    Raises:
        ScanError: naming the file, the line, and what it will not have.
    """
    if len(content) > MOST_CONFIG_BYTES:
        raise ScanError(f"{name} has {len(content):,} bytes, more than the {MOST_CONFIG_BYTES:,} of a configuration")
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise ScanError(f"{name}: byte {error.start} is not plain ASCII: it may look like another letter") from error
    try:
        _judge_events(text, name)
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScanError(f"{name} is no YAML: {' '.join(str(error).split())[:150]}") from error
    except (RecursionError, ValueError) as error:
        raise error if isinstance(error, ScanError) else ScanError(f"{name} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise ScanError(f"{name} is not a mapping of names to values")
    return read


def _judge_events(text: str, name: str) -> None:
    # the keys of each open mapping, None for a list; whether a mapping's next scalar is a key
    open_nodes: list[set[str] | None] = []
    expects_key: list[bool] = []
    documents = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        where = f"{name}, line {event.start_mark.line + 1}"
        if count > MOST_EVENTS:
            raise ScanError(f"{name} has more than {MOST_EVENTS:,} entries")
        if isinstance(event, yaml.AliasEvent):
            raise ScanError(f"{where}: an alias (*{event.anchor}); write the value out (aliases can grow without end)")
        if anchor := getattr(event, "anchor", None):
            raise ScanError(f"{where}: an anchor (&{anchor}); write the value out")
        if tag := getattr(event, "tag", None):
            raise ScanError(f"{where}: a tag ({tag}), by which YAML can make objects")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1 or event.tags or event.version:
                raise ScanError(f"{where}: more than one document, or directives")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            open_nodes.pop()
            expects_key.pop()
        elif isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            _judge_node(event, open_nodes, expects_key, where)


def _judge_node(event: yaml.NodeEvent, open_nodes: list, expects_key: list[bool], where: str) -> None:
    keys = open_nodes[-1] if open_nodes else None
    if keys is not None:
        if expects_key[-1]:
            _judge_key(event, keys, where)
        expects_key[-1] = not expects_key[-1]
    if not isinstance(event, yaml.ScalarEvent):
        open_nodes.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
        expects_key.append(True)
        if len(open_nodes) > MOST_DEPTH:
            raise ScanError(f"{where}: nested more than {MOST_DEPTH} deep")


def _judge_key(event: yaml.NodeEvent, keys: set[str], where: str) -> None:
    if not isinstance(event, yaml.ScalarEvent):
        raise ScanError(f"{where}: a key that is no word")
    if event.value == "<<":
        raise ScanError(f"{where}: a merge key (<<); write the values out")
    if event.value in keys:
        raise ScanError(f"{where}: the key {event.value!r} is there twice: which one counts depends on the program")
    keys.add(event.value)
