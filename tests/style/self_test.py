"""Snippets that each rule must catch, and good ones that none may touch."""
# SPDX-License-Identifier: Apache-2.0
import rules

HEAD = "// what it is\n// SPDX-License-Identifier: Apache-2.0\n"
LONG_BODY = "\tx++;\n" * rules.FUNCTION_LINES

# path, text, a piece of the complaint ("" : no complaint at all)
CASES = [
    ("bridge/base/text.c", HEAD + '#include "bridge/base/text.h"\n#include <string.h>\n', ""),
    ("bridge/base/text.c", HEAD + '#include "bridge/codec/json.h"\n', "upward include"),
    ("bridge/settings/url.c", HEAD + '#include "bridge/codec/form.h"\n', ""),
    ("bridge/codec/form.c", HEAD + '#include "bridge/settings/url.h"\n', "upward include"),
    ("bridge/edge/token.c", HEAD + '#include "bridge/settings/settings.h"\n', "upward include"),
    ("bridge/flow/health.c", HEAD + '#include "bridge/edge/mqtt.h"\n', ""),
    ("bridge/main.c", HEAD + '#include "bridge/flow/health.h"\n', ""),
    ("bridge/rule/rate.c", HEAD + '#include "tests/harness/http.h"\n', "not of the daemon"),
    ("bridge/rule/rate.c", HEAD + '#include "rate.h"\n', "must start at the root"),
    ("bridge/edge/token.c", HEAD + "#include <curl/curl.h>\n", "belongs into bridge/edge/http_client.c"),
    ("bridge/edge/http_client.c", HEAD + "#include <curl/curl.h>\n", ""),
    ("bridge/flow/health.c", HEAD + "#include <MQTTAsync.h>\n", "belongs into"),
    ("bridge/base/log.c", HEAD + "static void f(void)\n{\n" + LONG_BODY + "}\n", "function of 63 lines"),
    ("bridge/base/log.c", HEAD + "static void f(int x)\n{\n\tx++;\n}\n", ""),
    ("bridge/base/log.c", HEAD + "void f(void)\n{\n#ifdef X\n\tg();\n#endif\n}\n", "conditional compilation"),
    ("bridge/base/log.c", HEAD + "\tn = atoi(text);\n", "atoi() is banned"),
    ("bridge/base/log.c", HEAD + "\tstrcpy (a, b);\n", "strcpy() is banned"),
    ("bridge/base/log.c", HEAD + "\tp = strtok_r(a, b, &c); /* not strtok(a, b) */ s = \"system()\";\n", ""),
    ("bridge/base/log.c", HEAD + "typedef struct log log_t;\n", "typedef of a struct"),
    ("bridge/edge/token.c", HEAD + '\tlog_warn("", "refused", x);\n', "does not log"),
    ("bridge/flow/health.c", HEAD + '\tlog_warn("", "refused", x);\n', ""),
    ("bridge/base/log.h", "/* log - lines.\n */\n// SPDX-License-Identifier: Apache-2.0\n", ""),
    ("bridge/base/log.h", "/* lines.\n */\n// SPDX-License-Identifier: Apache-2.0\n", "head comment"),
    ("bridge/base/log.c", "#include <x.h>\n// SPDX-License-Identifier: Apache-2.0\n", "begins with a comment"),
    ("bridge/base/log.c", "// what it is\n", "no line with SPDX"),
    ("bridge/base/log.c", HEAD + "x;\n" * rules.FILE_LINES, "400 at most"),
    ("bridge/base/log.c", HEAD + "x; \n", "white space at the end"),
    ("bridge/base/log.c", HEAD + "x" * 121 + "\n", "more than 120 columns"),
    ("bridge/base/log.c", HEAD + "x;", "no end of line"),
    ("README.md", "see " + "share" + "d/design.md\n", "not part of the project"),
    ("README.md", "long " * 40 + "line\n", ""),
    ("scripts/x", "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\nset -euo pipefail\n", ""),
    ("scripts/x", "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\n", "set -euo pipefail"),
    ("scripts/x", "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\nset -euo pipefail\nf() {\n"
     + "    true\n" * 60 + "}\n", "function of 62 lines"),
    ("scripts/x.py", "# SPDX-License-Identifier: Apache-2.0\ndef f():\n" + "    pass\n" * 60, "function f of 61"),
]

ONCE = {
    "tests/harness/a.c": "#include <cjson/cJSON.h>\n",
    "tests/harness/b.c": "#include <cjson/cJSON.h>\n",
    "tests/simulator/c.c": "#include <cjson/cJSON.h>\n",
}


def judge(name, complaints, wanted):
    """True when exactly what was wanted is complained about."""
    right = all(wanted in what for what in complaints) and bool(complaints) if wanted else not complaints
    if not right:
        print(f"{name}: wanted {wanted or 'no complaint'!r}, got {complaints}")
    return right


def self_test(faults_of):
    wrong = 0
    for path, text, wanted in CASES:
        complaints = [what for _, _, what in faults_of(path, text)]
        wrong += not judge(f"{path} {text[-60:]!r}", complaints, wanted)
    once = [f"{path}: {what}" for path, _, what in rules.check_foreign_once(ONCE)]
    wrong += not judge("one file a foreign header", once, "tests/harness/b.c: cjson/cJSON.h is already")
    print(f"{len(CASES) + 1} cases, {wrong} wrong")
    return 1 if wrong else 0
