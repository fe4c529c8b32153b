"""Rules over container images in steps: a tag that moves makes every run another one."""

import re
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.finding import Finding

_TOOLS = r"\b(?:docker|podman|nerdctl|buildah|kubectl|skopeo|crane|image:)"
_LATEST = r"(?<![\w./:@-])([a-z0-9][\w./-]{0,200}(?::[0-9]{2,5}/[\w./-]{1,200})?:latest)(?![\w.-])"


_MOST_TOLD = 100
"""Nobody reads more of one text, and finding each one's place takes time."""


def moves(image: str) -> str:
    """What is wrong with an image's tag, as `the tag 'latest'` or `no tag`; empty where it names a version.

    Nothing is said of references, of digests, and of `.`, which stands for an image that is given later.
    """
    if not image or image == "." or may_refer(image) or "$" in image or "@" in image:
        return ""
    _, _, tag = image.rpartition("/")[2].partition(":")
    return "" if tag not in {"", "latest"} else "the tag 'latest'" if tag else "no tag"


def check_step_images(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2161: images of manifests, builds and scripts have a version of their own."""
    for step in scope_of(document, facts).step_nodes:
        config = step.mapping("config")
        if step.text("type") == "container-build":
            yield from _check_build(document, config)
            continue
        for node in _images(config):
            what = moves(str(node.value))
            if what:
                yield Finding(codes.MUTABLE_IMAGE, f"the image '{node.value}' has {what}", document.place(node))
        for text in _programs(config):
            yield from _check_text(document, text)


def _check_build(document: Document, config: MappingNode) -> Iterator[Finding]:
    """A build without a tag gets one elsewhere; `latest` alone is what is found here."""
    tags = [node for node in config.sequence("tags") if isinstance(node, ScalarNode)]
    image = config.get("image")
    if isinstance(image, ScalarNode) and str(image.value).endswith(":latest"):
        yield Finding(codes.MUTABLE_IMAGE, f"the image '{image.value}' has the tag 'latest'", document.place(image))
    if tags and all(tag.value == "latest" for tag in tags):
        yield Finding(codes.MUTABLE_IMAGE, "the image gets no tag but 'latest'", document.place(tags[0]))


def _images(config: MappingNode) -> Iterator[ScalarNode]:
    """The values of `image` anywhere in a step's config, and those of `images` by container."""
    stack: list[Node] = [config]
    while stack:
        node = stack.pop()
        if isinstance(node, SequenceNode):
            stack.extend(reversed(node.items))
        elif isinstance(node, MappingNode):
            for key, value in reversed(node.values.items()):
                if key == "image" and isinstance(value, ScalarNode) and isinstance(value.value, str):
                    yield value
                elif key == "images" and isinstance(value, MappingNode):
                    yield from (one for one in value.values.values() if isinstance(one, ScalarNode))
                else:
                    stack.append(value)


def _programs(config: MappingNode) -> Iterator[ScalarNode]:
    for key in ("script", "command", "run", "manifest"):
        node = config.get(key)
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and ":latest" in node.value:
            yield node


def _check_text(document: Document, node: ScalarNode) -> Iterator[Finding]:
    """Images with the tag `latest` in the lines of a text that speak of containers, each once; not in comments."""
    text, offset = str(node.value), 0
    told: set[str] = set()
    for line in text.split("\n"):
        if ":latest" in line and not line.lstrip().startswith("#") and re.search(_TOOLS, line):
            for found in re.finditer(_LATEST, line):
                if found[1] in told or len(told) == _MOST_TOLD:
                    continue
                told.add(found[1])
                place = place_within(document, node, offset + found.start(1), found[1])
                yield Finding(codes.MUTABLE_IMAGE, f"the image '{found[1]}' has the tag 'latest'", place)
        offset += len(line) + 1


RULES = (check_step_images,)
