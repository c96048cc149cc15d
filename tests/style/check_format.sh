#!/usr/bin/env bash
# Is every C file as clang-format leaves it? 77 (skipped) without the version that the project is written with.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

readonly VERSION=14

find_clang_format() {
    local name
    for name in "clang-format-$VERSION" clang-format; do
        if command -v "$name" >/dev/null && "$name" --version | grep -q "version $VERSION\."; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

main() {
    local root=$1 tool
    if ! tool=$(find_clang_format); then
        echo "skipped: clang-format $VERSION is not installed (other versions format differently)"
        return 77
    fi
    cd "$root"
    find bridge tests -name '*.[ch]' -not -path '*/build*' -print0 | xargs -0 "$tool" --dry-run -Werror
}

main "${1:-$(cd "$(dirname "$0")/../.." && pwd)}"
