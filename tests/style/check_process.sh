#!/usr/bin/env bash
# Is the released program, once it runs, closed to others of its user? check_process.sh PROGRAM
# (The builds for tests keep themselves open, for their sanitizers; so this needs the one that is shipped.)
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

readonly NOBODY=65534 PATIENCE_S=30 SECRET=a-secret-of-the-environment
folder='' pid='' as_nobody=()

# It leads nowhere: what is looked at is the process.
configure() {
    cat >"$folder/bridge.yaml" <<'EOT'
mqtt: {url: "mqtt://127.0.0.1:1"}
api: {url: "http://127.0.0.1:1/v1", auth: bearer, token: "${BRIDGE_TOKEN}"}
webhook: {listen: ""}
admin: {listen: ""}
spool: {path: spool.db}
mappings: devices.yaml
EOT
    printf 'devices:\n  meter-001: HS00000000000000000000000000000001\n' >"$folder/devices.yaml"
    chmod 600 "$folder"/*
    # Root may look at everything, so root's process would show nothing.
    if ((EUID == 0)); then
        as_nobody=(setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups)
        chown -R $NOBODY:$NOBODY "$folder"
    fi
}

start() {
    : >"$folder/log"
    BRIDGE_TOKEN=$SECRET "${as_nobody[@]}" "$1" -c "$folder/bridge.yaml" 2>"$folder/log" &
    pid=$!
    local end=$((SECONDS + PATIENCE_S))
    until grep -q ' started ' "$folder/log"; do
        if ((SECONDS >= end)) || ! kill -0 "$pid" 2>/dev/null; then
            echo "it did not start: $(cat "$folder/log")"
            return 1
        fi
        sleep 0.1
    done
}

stop() {
    [[ -z $pid ]] || { kill "$pid" 2>/dev/null && wait "$pid"; } || true
    rm -rf "$folder"
}

# The kernel gives the files of a process that cannot be dumped to root.
is_not_dumpable()   { [[ $(stat -c %u "/proc/$pid") != 0 && $(stat -c %u "/proc/$pid/environ") == 0 ]]; }
leaves_no_core()    { grep -q '^Max core file size  *0  *0 ' "/proc/$pid/limits"; }
gains_no_rights()   { grep -q '^NoNewPrivs:.*1$' "/proc/$pid/status"; }
shows_no_argument() { ! grep -qa "$SECRET" "/proc/$pid/cmdline"; }
# Others cannot even read it; root sees it empty.
shows_no_variable() { ! grep -qsa "$SECRET" "/proc/$pid/environ"; }
logs_no_secret()    { ! grep -q "$SECRET" "$folder/log"; }

main() {
    local name faults=0
    local -a checks=(is_not_dumpable leaves_no_core gains_no_rights shows_no_argument shows_no_variable logs_no_secret)
    if ! command -v setpriv >/dev/null; then
        echo "skipped: no setpriv here"
        return 77
    fi
    folder=$(mktemp -d)
    trap stop EXIT
    configure
    start "$1"
    for name in "${checks[@]}"; do
        if ! "$name"; then
            echo "$1: not so: $name"
            faults=$((faults + 1))
        fi
    done
    echo "${#checks[@]} checks, $faults faults"
    return $((faults > 0))
}

main "$@"
