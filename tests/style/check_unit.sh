#!/usr/bin/env bash
# Does systemd understand our unit and find it well confined? check_unit.sh UNIT; or --self-test, which must find an
# open one open. 77 (skipped) where systemd-analyze is not installed or too old.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

readonly WORST=15 # tenths; 0 is the best, an ordinary service has 96
folder=''

can_judge() {
    [[ $(systemd-analyze --help 2>/dev/null || true) == *--offline* ]]
}

# The unit with a program that is there on every machine.
stand_in() {
    sed -E 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' "$1" >"$folder/stand-in.service"
}

is_understood() {
    local complaints
    stand_in "$1"
    complaints=$(systemd-analyze verify --man=no "$folder/stand-in.service" 2>&1 | grep -F stand-in.service || true)
    if [[ -n $complaints ]]; then
        echo "$1: systemd does not understand: $complaints"
        return 1
    fi
}

is_confined() {
    stand_in "$1"
    if ! systemd-analyze security --offline=true --no-pager --threshold=$WORST "$folder/stand-in.service" \
        >"$folder/report" 2>&1; then
        echo "$1: more exposed than $WORST tenths: $(tail -n 1 "$folder/report")"
        return 1
    fi
    tail -n 1 "$folder/report"
}

self_test() {
    printf '[Service]\nExecStart=/bin/true\n' >"$folder/open.service"
    printf '[Service]\nExecStart=/bin/true\nProtectSystm=strict\n' >"$folder/mistyped.service"
    if is_confined "$folder/open.service" || is_understood "$folder/mistyped.service"; then
        echo "what is wrong was not noticed"
        return 1
    fi
    is_understood "$folder/open.service"
}

main() {
    if ! can_judge; then
        echo "skipped: no systemd-analyze that judges unit files here"
        return 77
    fi
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    if [[ ${1:-} == --self-test ]]; then
        self_test
    else
        is_understood "$1"
        is_confined "$1"
    fi
}

main "$@"
