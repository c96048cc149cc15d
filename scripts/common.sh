#!/usr/bin/env bash
# What the scripts share: lines of progress with the elapsed seconds. Sourced, not run.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SECONDS_OFFSET=${SCRIPT_STARTED:-$(date +%s)}
export SCRIPT_STARTED=$SECONDS_OFFSET # a script that another one calls counts on

BOLD='' RED='' GREEN='' PLAIN=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
fi
# shellcheck disable=SC2034 # used by those who source this
readonly ROOT BOLD RED GREEN PLAIN

say() {
    printf '%s[%4ds] %s%s\n' "${2:-}" "$(($(date +%s) - SECONDS_OFFSET))" "$1" "$PLAIN"
}

step() {
    say "$1" "$BOLD"
}

complain() {
    say "$1" "$RED" >&2
}

# Runs a command with its output in a file; shows the end of it only when it failed.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if "$@" >"$log" 2>&1; then
        return 0
    fi
    complain "failed: $*"
    tail -n 60 "$log" >&2
    return 1
}
