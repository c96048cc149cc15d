#!/usr/bin/env python3
"""Style checks of the whole tree: check.py [ROOT]; check.py --self-test shows that each rule can fail."""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import rules  # noqa: E402
from self_test import self_test  # noqa: E402

SKIPPED_FOLDERS = re.compile(r"^(\.git|build.*|node_modules|__pycache__|corpus)$")
GENERATED = {"docs/configuration.md", "packaging/man/mqtt-sms-bridge.yaml.5"}

C_RULES = [rules.check_includes, rules.check_c_functions, rules.check_calls, rules.check_c_head]
CODE_RULES = [rules.check_spdx, rules.check_length]
TEXT_RULES = [rules.check_space, rules.check_words]


def kind_of(path, text):
    if path.endswith((".c", ".h")):
        return "c"
    if path.endswith(".py") or text.startswith("#!/usr/bin/env python3"):
        return "python"
    if text.startswith(("#!/usr/bin/env bash", "#!/bin/bash")):
        return "bash"
    return "text"


def rules_for(path, text):
    kind = kind_of(path, text)
    of_kind = {"c": C_RULES, "python": [rules.check_python], "bash": [rules.check_shell], "text": []}[kind]
    code = CODE_RULES if kind != "text" else []
    return [] if path in GENERATED else of_kind + code + TEXT_RULES


def faults_of(path, text):
    for rule in rules_for(path, text):
        for number, what in rule(path, text):
            yield path, number, what


def read_tree(root):
    """Every text file of the tree by its path from the root."""
    files = {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not SKIPPED_FOLDERS.match(name))
        for name in sorted(set(names) - {".git"}):  # a file where the tree is a linked one
            path = Path(folder, name)
            if path.is_symlink():
                continue
            data = path.read_bytes()
            if b"\0" not in data:
                files[path.relative_to(root).as_posix()] = data.decode("utf-8", errors="replace")
    return files


def without_ignored(root, files):
    """Leaves out what git ignores; everything counts where there is no git."""
    command = ["git", "-C", str(root), "check-ignore", "--stdin"]
    try:
        answer = subprocess.run(command, input="\n".join(files), capture_output=True, text=True, check=False)
    except OSError:
        return files
    ignored = set(answer.stdout.split("\n"))
    return {path: text for path, text in files.items() if path not in ignored}


def main(arguments):
    if arguments[:1] == ["--self-test"]:
        return self_test(faults_of)
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parents[2])
    files = without_ignored(root, read_tree(root))
    faults = [fault for path, text in sorted(files.items()) for fault in faults_of(path, text)]
    faults += rules.check_foreign_once(files)
    for path, number, what in faults:
        print(f"{path}:{number}: {what}")
    print(f"{len(files)} files, {len(faults)} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
