#!/usr/bin/env bash
# Is the released program hardened? check_binary.sh PROGRAM; or --self-test CC, which must find a soft one soft.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

# Each says true of a hardened program; "$1" is the program.
is_pie()           { readelf -hW "$1" | grep -q 'Type: *DYN' && readelf -dW "$1" | grep -q 'Flags:.*PIE'; }
has_relro()        { readelf -lW "$1" | grep -q GNU_RELRO; }
binds_now()        { readelf -dW "$1" | grep -qE 'BIND_NOW|Flags:.*NOW'; }
has_nx_stack()     { readelf -lW "$1" | grep GNU_STACK | grep -q ' RW '; }
has_no_wx()        { ! readelf -lW "$1" | grep LOAD | grep -q ' RWE '; }
has_canaries()     { readelf -sW "$1" | grep -q __stack_chk_fail; }
is_fortified()     { readelf -sW "$1" | grep -qE '__[a-z]+_chk(@|$)'; }
has_no_rpath()     { ! readelf -dW "$1" | grep -qE 'RPATH|RUNPATH'; }
has_no_textrel()   { ! readelf -dW "$1" | grep -q TEXTREL; }
has_no_test_hook() { ! grep -qa BRIDGE_CRASH_AT "$1"; }

readonly CHECKS=(is_pie has_relro binds_now has_nx_stack has_no_wx has_canaries is_fortified has_no_rpath
    has_no_textrel has_no_test_hook)

check() {
    local program=$1 name faults=0
    if [[ ! -f $program ]]; then
        echo "$program: no such file"
        return 1
    fi
    for name in "${CHECKS[@]}"; do
        if ! "$name" "$program"; then
            echo "$program: not so: $name"
            faults=$((faults + 1))
        fi
    done
    echo "${#CHECKS[@]} checks, $faults faults"
    return $((faults > 0))
}

self_test() {
    local folder answer
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$folder'" EXIT
    printf '#include <stdio.h>\nint main(void) { return puts("BRIDGE_CRASH_AT"); }\n' >"$folder/soft.c"
    "$1" -O0 -no-pie -fno-stack-protector -Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack -Wl,-rpath,/tmp \
        -o "$folder/soft" "$folder/soft.c"
    if answer=$(check "$folder/soft"); then
        echo "a soft program passed"
        return 1
    fi
    echo "$answer"
    for name in is_pie has_relro binds_now has_nx_stack has_canaries is_fortified has_no_rpath has_no_test_hook; do
        grep -q "$name" <<<"$answer" || { echo "not noticed: $name"; return 1; }
    done
}

if [[ ${1:-} == --self-test ]]; then
    self_test "${2:-cc}"
else
    check "$1"
fi
