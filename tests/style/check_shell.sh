#!/usr/bin/env bash
# Does shellcheck agree with every bash script? 77 (skipped) where it is not installed.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

main() {
    local root=$1
    local -a scripts
    if ! command -v shellcheck >/dev/null; then
        echo "skipped: shellcheck is not installed"
        return 77
    fi
    cd "$root"
    mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' scripts .ci tests packaging 2>/dev/null)
    shellcheck --severity=warning "${scripts[@]}"
    echo "${#scripts[@]} scripts"
}

main "${1:-$(cd "$(dirname "$0")/../.." && pwd)}"
