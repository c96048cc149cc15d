#!/usr/bin/env python3
"""Does a page show the settings that are shipped and tested? check_shown.py ROOT, or --self-test"""
# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

SHOWN = {"docs/brokers.md": ("config/nats.conf", "config/nats-cluster.conf", "config/rabbitmq.conf")}


def blocks(page):
    """The fenced blocks of a page, each without its fences."""
    parts = page.split("\n```")
    return {part.split("\n", 1)[1] + "\n" for part in parts[1::2] if "\n" in part}


def is_shown(page, text):
    return text in blocks(page)


def self_test():
    page = "Words\n```\na: 1\nb: 2\n```\nmore\n```yaml\nc: 3\n```\n"
    assert is_shown(page, "a: 1\nb: 2\n")
    assert is_shown(page, "c: 3\n")
    assert not is_shown(page, "a: 1\n")
    assert not is_shown(page, "more\n")
    print("self-test passed")


def main(root):
    faults = [f"{page}: does not show {name} as it is" for page, names in SHOWN.items() for name in names
              if not is_shown((root / page).read_text(encoding="utf-8"), (root / name).read_text(encoding="utf-8"))]
    print("\n".join(faults + [f"{len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        sys.exit(main(pathlib.Path(sys.argv[1])))
