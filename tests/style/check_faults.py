#!/usr/bin/env python3
"""Is every fault of docs/faults.md there once, and does everything exist that is said to show it?

check_faults.py [ROOT]; check_faults.py --self-test shows that each rule can fail."""
# SPDX-License-Identifier: Apache-2.0
import re
import sys
from pathlib import Path

GROUPS = {"B": 25, "A": 30, "W": 23, "D": 15, "C": 12, "P": 13, "T": 6, "I": 10}
TABLE = "docs/faults.md"
ROW = re.compile(r"^\| *([A-Z]\d+) *\|")
HEAD = "| id | fault | what happens | shown by |"
TEST_NAME = re.compile(r"^[a-z0-9_]{8,}$")


def wanted_ids():
    return [f"{group}{number}" for group, count in GROUPS.items() for number in range(1, count + 1)]


def rows_of(text):
    """(line, [id, fault, what happens, shown by]) of each row that begins with an id."""
    for number, line in enumerate(text.split("\n"), 1):
        if ROW.match(line):
            yield number, [cell.strip() for cell in line.strip().strip("|").split("|")]


def check_ids(rows):
    seen = {}
    for number, cells in rows:
        if cells[0] in seen:
            yield number, f"{cells[0]} is there a second time; the first is line {seen[cells[0]]}"
        seen.setdefault(cells[0], number)
    for name in wanted_ids():
        if name not in seen:
            yield 1, f"{name} is missing"
    for name in sorted(set(seen) - set(wanted_ids())):
        yield seen[name], f"{name} is no fault of the list"


def check_row(cells, tests, exists):
    if len(cells) != 4 or not all(cells):
        yield "a row has four cells, none empty"
        return
    shown = cells[3]
    names = re.findall(r"`([^`]+)`", shown)
    if not names and not shown.startswith("cannot happen:"):
        yield "names neither a test nor a file"
    for name in names:
        if "/" in name or "." in name:
            if not exists(name):
                yield f"{name} does not exist"
        elif shown.startswith("read:"):
            yield f"{name} is no file: what is argued from the code names the file"
        elif shown.startswith("cannot happen:"):
            continue
        elif not TEST_NAME.match(name) or name not in tests:
            yield f"no test is called {name}"


def check(text, tests, exists):
    rows = list(rows_of(text))
    if HEAD not in text:
        yield 1, f"no table with the head {HEAD}"
    yield from check_ids(rows)
    for number, cells in rows:
        for what in check_row(cells, tests, exists):
            yield number, f"{cells[0]}: {what}"


def tests_in(text):
    """Functions of a C program that it hands to a runner, by name."""
    defined = set(re.findall(r"^static void (\w+)\(", text, re.M))
    return defined & set(re.findall(r"\b(?:cmocka_unit_test\w*|(?:[A-Z]+_)*TEST(?:_WITH)?)\(\s*(\w+)", text))


def tests_of(root):
    names = set()
    for path in Path(root, "tests").rglob("*.c"):
        names |= tests_in(path.read_text(encoding="utf-8", errors="replace"))
    return names


GOOD = "\n".join([HEAD] + [f"| {name} | it breaks | it heals | `a_test_of_it` |" for name in wanted_ids()])

# what is replaced in a good table, by what, a piece of the complaint ("" : none)
CASES = [
    ("x", "x", ""),
    ("| B7 |", "| B6 |", "B6 is there a second time"),
    ("| I10 |", "| I11 |", "I10 is missing"),
    ("| I10 |", "| I11 |", "I11 is no fault of the list"),
    ("| A30 | it breaks |", "| A30 |  |", "A30: a row has four cells"),
    ("| T6 | it breaks | it heals | `a_test_of_it` |", "| T6 | it breaks | it heals |", "T6: a row has four cells"),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | `another_test` |",
     "D1: no test is called another_test"),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | believe me |", "D1: names neither"),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | cannot happen: there is none |", ""),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | read: `bridge/none.c` |", "does not exist"),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | read: the code |", "D1: names neither"),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | read: `a_test_of_it` |", "is no file"),
    ("| D1 | it breaks | it heals | `a_test_of_it` |", "| D1 | a | b | read: `bridge/main.c` |", ""),
    (HEAD, "| id | fault |", "no table with the head"),
]


PROGRAM = """/* not_a_test_at_all: cmocka_unit_test(only_named_here) */
static void a_helper_of_the_test(void) {}
static void nobody_runs_this_one(void **state) { a_helper_of_the_test(); }
static void this_one_is_run(void **state) {}
static void this_one_in_a_world(struct world *world) {}
int main(void) { tests[] = {cmocka_unit_test_setup(this_one_is_run, set_up), WORLD_TEST(
    this_one_in_a_world)}; }
"""


def self_test():
    wrong = 0
    if tests_in(PROGRAM) != {"this_one_is_run", "this_one_in_a_world"}:
        print(f"the tests of the program: {tests_in(PROGRAM)}")
        wrong += 1
    for old, new, wanted in CASES:
        table = GOOD.replace(old, new)
        complaints = [what for _, what in check(table, {"a_test_of_it"}, lambda name: name == "bridge/main.c")]
        right = any(wanted in what for what in complaints) if wanted else not complaints
        if not right:
            print(f"{new!r}: wanted {wanted or 'no complaint'!r}, got {complaints}")
            wrong += 1
    print(f"{len(CASES) + 1} cases, {wrong} wrong")
    return 1 if wrong else 0


def main(arguments):
    if arguments[:1] == ["--self-test"]:
        return self_test()
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parents[2])
    text = Path(root, TABLE).read_text(encoding="utf-8")
    faults = list(check(text, tests_of(root), lambda name: Path(root, name).exists()))
    for number, what in faults:
        print(f"{TABLE}:{number}: {what}")
    print(f"{len(list(rows_of(text)))} rows, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
