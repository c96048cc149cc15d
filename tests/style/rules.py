"""The house rules that a machine can see, one function a rule. Each yields (line, what is wrong)."""
# SPDX-License-Identifier: Apache-2.0
import ast
import re
from pathlib import PurePosixPath

FILE_LINES = 400
FUNCTION_LINES = 60
LINE_COLUMNS = 120
# Prose and data, whose lines have their own length.
WIDE = re.compile(r"\.(md|json|txt|svg|pem|[1-8])$")

# What each floor of bridge/ may include besides itself.
FLOORS = {
    "base": set(),
    "codec": {"base"},
    "settings": {"base", "codec"},
    "rule": {"base", "codec"},
    "edge": {"base", "codec", "rule"},
    "flow": {"base", "codec", "settings", "rule", "edge"},
    "main.c": {"base", "codec", "settings", "rule", "edge", "flow"},
}

# The file of bridge/ that may include a foreign library's header; two where the library calls as well as is called.
FOREIGN = {
    r"cjson/|cJSON\.h": "bridge/codec/json.c",
    r"yaml\.h": "bridge/settings/yaml.c",
    r"sqlite3(ext)?\.h": ("bridge/edge/sqlite.c", "bridge/edge/sqlite_log.c"),  # statements; the file below them
    r"MQTT\w*\.h": "bridge/edge/paho.c",
    r"curl/": "bridge/edge/http_client.c",
    r"microhttpd\.h": "bridge/edge/http_daemon.c",
    r"openssl/": "bridge/edge/signature.c",
    r"systemd/": "bridge/edge/supervisor.c",
    r"mosquitto\w*\.h": None,
    r"cmocka\.h": None,
}

BANNED = r"strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|sscanf|localtime|gmtime|rand|srand|system|gets|alloca"
LOGS = r"log_debug|log_info|log_warn|log_error|log_event"

# Words of a workspace that is not part of the project. In pieces, or this file would mention them.
FOREIGN_WORDS = ["/work" + "/", "share" + "d/", "issue" + " #", "/tmp/" + "brief", "helper" + " session"]

SPDX = "SPDX-License-Identifier: Apache-2.0"


def plain_c(text):
    """The C text with comments and literals blanked: same lines, same columns."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    lines = text.split("\n")
    includes = {i: line for i, line in enumerate(lines) if re.match(r"\s*#\s*include", line)}
    for i in includes:
        lines[i] = ""
    return token.sub(blank, "\n".join(lines))


def c_functions(plain):
    """(first line, last line) of each function, counted from 1: the brace stands alone in column 0."""
    lines = plain.split("\n")
    start = None
    for i, line in enumerate(lines):
        if line.rstrip() == "{":
            start = i
            while start > 0 and re.match(r"[\w\s*(]", lines[start - 1]) and lines[start - 1].strip():
                start -= 1
        elif line.rstrip() == "}" and start is not None:
            yield start + 1, i + 1
            start = None


def check_includes(path, text):
    parts = PurePosixPath(path).parts
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if not match:
            continue
        is_own, name = match.group(1) == '"', match.group(2)
        if is_own and not re.match(r"(bridge|tests)/", name):
            yield number, f'include path "{name}" must start at the root (bridge/… or tests/…)'
        if parts[0] == "bridge":
            yield from check_floor(number, parts, name, is_own)
        yield from check_foreign(number, path, name)


def check_floor(number, parts, name, is_own):
    if not is_own or "/" not in name:
        return
    target = PurePosixPath(name).parts
    if target[0] != "bridge":
        yield number, f"the daemon includes {name}, which is not of the daemon"
    elif len(target) > 1 and target[1] != parts[1] and target[1] not in FLOORS.get(parts[1], set()):
        yield number, f"upward include: {parts[1]} may not use {name}"


def check_foreign(number, path, name):
    for pattern, home in FOREIGN.items():
        homes = home if isinstance(home, tuple) else (home,)
        if path.startswith("bridge/") and re.match(pattern, name) and path not in homes:
            yield number, f"{name} belongs into {' and '.join(filter(None, homes)) or 'tests'} alone"


def check_foreign_once(files):
    """In the simulator and the harness each foreign header has one file as well, whichever it is."""
    homes = {}
    for path, text in sorted(files.items()):
        part = re.match(r"tests/(simulator|harness)/", path)
        for number, line in enumerate(text.split("\n"), 1):
            match = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
            pattern = next((p for p in FOREIGN if match and re.match(p, match.group(1))), None)
            if part and pattern and homes.setdefault((part.group(), pattern), path) != path:
                yield path, number, f"{match.group(1)} is already included in {homes[part.group(), pattern]}"


def check_c_functions(path, text):
    plain = plain_c(text)
    lines = plain.split("\n")
    for first, last in c_functions(plain):
        if last - first + 1 > FUNCTION_LINES:
            yield first, f"function of {last - first + 1} lines; {FUNCTION_LINES} at most"
        for number in range(first, last + 1):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|else|elif)\b", lines[number - 1]):
                yield number, "conditional compilation inside a function"


def check_calls(path, text):
    logs = re.match(r"bridge/(codec|settings|rule|edge)/", path) is not None
    for number, line in enumerate(plain_c(text).split("\n"), 1):
        for match in re.finditer(rf"(?<![\w.>])({BANNED})\s*\(", line):
            yield number, f"{match.group(1)}() is banned"
        if re.search(r"\btypedef\s+(struct|enum|union)\b", line):
            yield number, "typedef of a struct, enum or union"
        if logs and re.search(rf"\b({LOGS})\s*\(", line):
            yield number, "library code does not log; it returns the reason"


def check_c_head(path, text):
    stem = PurePosixPath(path).stem
    first = text.split("\n", 1)[0]
    if path.endswith(".h") and not first.startswith(f"/* {stem} - "):
        yield 1, f"a header begins with its head comment: /* {stem} - what it is for"
    if path.endswith(".c") and not re.match(r"(//|/\*) \S", first):
        yield 1, "a source file begins with a comment that says what it is"


def check_spdx(path, text):
    if SPDX not in "\n".join(text.split("\n")[:60]):
        yield 1, f"no line with {SPDX}"


def check_length(path, text):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield FILE_LINES + 1, f"file of {lines} lines; {FILE_LINES} at most"


def check_space(path, text):
    tabs_are = 8 if re.search(r"\.(c|h|def)$", path) else 4
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
        if len(line.expandtabs(tabs_are)) > LINE_COLUMNS and not WIDE.search(path):
            yield number, f"line of more than {LINE_COLUMNS} columns"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no end of line at the end of the file"


def check_words(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for word in FOREIGN_WORDS:
            if word.lower() in line.lower():
                yield number, f"mentions {word!r}, which is not part of the project"


def check_python(path, text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"function {node.name} of {lines} lines; {FUNCTION_LINES} at most"


def check_shell(path, text):
    if not re.search(r"^set -euo pipefail$", text, re.M):
        yield 1, "a bash script says: set -euo pipefail"
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"[\w-]+\(\) *[{(]$", line):
            start = number
        elif re.match(r"[})]$", line) and start is not None:
            if number - start + 1 > FUNCTION_LINES:
                yield start, f"function of {number - start + 1} lines; {FUNCTION_LINES} at most"
            start = None
