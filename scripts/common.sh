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

# With SECOND_LOOK=1, as in continuous integration, what failed is run once more by itself and said to be unstable when
# it passes then: a busy machine makes waits end too early. What a sanitizer, an assertion or the judge of lost and
# doubled commands has found stands, and a crash, however often it passes afterwards.
readonly SECOND_LOOK=${SECOND_LOOK:-0}
readonly SANITIZER='(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:'
readonly CRASH='Assertion .* failed|Segmentation fault|SegFault|SIGSEGV|SIGABRT|Invalid (read|write)'
readonly HEAP='double free|stack smashing|free\(\): |malloc\(\): '
readonly JUDGED='audit [0-9]+: |the message with sid|are at the API instead of|not exactly [0-9]+ SMS'

# deserves_second_look FILE: with what the failed test printed.
deserves_second_look() {
    [[ $SECOND_LOOK == 1 ]] && ! grep -qE "$SANITIZER|$CRASH|$HEAP|$JUDGED" "$1"
}
