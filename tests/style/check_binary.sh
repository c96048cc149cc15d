#!/usr/bin/env bash
# Is the released program hardened? check_binary.sh PROGRAM; or --self-test CC, which must find a soft one soft.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

# Each says true of a hardened program, whose headers, segments, dynamic section, symbols and code are in these.
header='' segments='' dynamic='' symbols='' code='' program=''

is_pie()           { [[ $header =~ Type:\ *DYN && $dynamic =~ FLAGS_1[^$'\n']*PIE ]]; }
has_relro()        { [[ $segments == *GNU_RELRO* ]]; }
binds_now()        { [[ $dynamic =~ BIND_NOW || $dynamic =~ FLAGS_1[^$'\n']*NOW ]]; }
has_nx_stack()     { [[ $segments =~ GNU_STACK[^$'\n']*\ RW\  ]]; }
has_no_wx()        { ! [[ $segments =~ LOAD[^$'\n']*\ RWE\  ]]; }
has_canaries()     { [[ $symbols == *__stack_chk_fail* ]]; }
is_fortified()     { [[ $symbols =~ __[a-z]+_chk@ ]]; }
has_no_rpath()     { ! [[ $dynamic =~ RPATH|RUNPATH ]]; }
has_no_textrel()   { ! [[ $dynamic =~ TEXTREL ]]; }
# Landing pads at functions, and a touch of every page of a large frame; on other machines the compiler has other means.
has_landing_pads() { [[ ! $header =~ X86-64 ]] || (($(grep -c endbr64 <<<"$code") > 100)); }
probes_its_stack() { [[ ! $header =~ X86-64 ]] || grep -qE '\<orq? +\$0x0,\(%rsp\)' <<<"$code"; }
has_no_test_hook() { ! grep -qa BRIDGE_CRASH_AT "$program"; }

readonly CHECKS=(is_pie has_relro binds_now has_nx_stack has_no_wx has_canaries is_fortified has_no_rpath
    has_no_textrel has_landing_pads probes_its_stack has_no_test_hook)

check() {
    local name faults=0
    program=$1
    if [[ ! -f $program ]]; then
        echo "$program: no such file"
        return 1
    fi
    header=$(readelf -hW "$program")
    segments=$(readelf -lW "$program")
    dynamic=$(readelf -dW "$program")
    symbols=$(readelf -sW "$program")
    code=$(objdump -d --no-show-raw-insn "$program")
    for name in "${CHECKS[@]}"; do
        if ! "$name"; then
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
    "$1" -O0 -no-pie -fno-stack-protector -fno-stack-clash-protection -Wl,-z,norelro -Wl,-z,lazy -Wl,-z,execstack \
        -Wl,-rpath,/tmp -o "$folder/soft" "$folder/soft.c"
    if answer=$(check "$folder/soft"); then
        echo "a soft program passed"
        return 1
    fi
    echo "$answer"
    for name in is_pie has_relro binds_now has_nx_stack has_canaries is_fortified has_no_rpath has_landing_pads \
        probes_its_stack has_no_test_hook; do
        grep -q "$name" <<<"$answer" || { echo "not noticed: $name"; return 1; }
    done
}

if [[ ${1:-} == --self-test ]]; then
    self_test "${2:-cc}"
else
    check "$1"
fi
