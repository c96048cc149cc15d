#!/usr/bin/env bash
# What the suites with foreign programs share: a mosquitto, the API's simulator and the bridge on free ports, in a
# temporary folder. Sourced, not run. Everything started is ended by its id.
#
# BUILD is the folder with the programs (made when it is not there).
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

BUILD=${BUILD:-$ROOT/build}
readonly WORLD_TOKEN=token-of-the-suite
readonly WORLD_SIM=HS00000000000000000000000000000001
readonly WORLD_PATIENCE_S=60
WORLD='' BROKER_PORT='' ADMIN_PORT='' WEBHOOK_PORT='' API_PORT=''
WORLD_PIDS=()
passed=0 failed=0

world_stop() {
    local i status=$?
    trap - EXIT INT TERM
    for ((i = ${#WORLD_PIDS[@]} - 1; i >= 0; i--)); do
        kill "${WORLD_PIDS[i]}" 2>/dev/null || true
        wait "${WORLD_PIDS[i]}" 2>/dev/null || true
    done
    [[ -z $WORLD ]] || rm -rf "$WORLD"
    exit "$status"
}

world_give_up() {
    complain "$1"
    local log
    for log in "$WORLD"/*.log; do
        [[ -s $log ]] && { echo "---- $log"; tail -n 25 "$log"; } >&2
    done
    exit 1
}

world_start_program() {
    local name=$1
    shift
    "$@" >>"$WORLD/$name.log" 2>&1 &
    WORLD_PIDS+=($!)
}

answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        answers "$port" || break
    done
    echo "$port"
}

# wait_for WHAT COMMAND…: until the command succeeds.
wait_for() {
    local what=$1 end=$((SECONDS + WORLD_PATIENCE_S))
    shift
    until "$@"; do
        ((SECONDS < end)) || world_give_up "$what did not happen within $WORLD_PATIENCE_S s"
        sleep 0.2
    done
}

# check WHAT COMMAND…: one test.
check() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        say "ok: $what" "$GREEN"
    else
        failed=$((failed + 1))
        complain "FAILED: $what"
    fi
}

world_summary() {
    echo "$passed passed, $failed failed"
    ((failed == 0 && passed > 0))
}

# The programs, as a release unless BUILD says otherwise.
world_build() {
    if [[ ! -f $BUILD/build.ninja ]]; then
        step "building into $BUILD"
        quietly "$BUILD/configure.log" cmake -G Ninja -S "$ROOT" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release
    fi
    quietly "$BUILD/build.log" ninja -C "$BUILD" mqtt-sms-bridge sms-commands-simulator
}

world_broker() {
    BROKER_PORT=$(free_port)
    {
        printf 'listener %d 127.0.0.1\nallow_anonymous true\npersistence false\n' "$BROKER_PORT"
        ((EUID != 0)) || echo 'user root'
    } >"$WORLD/mosquitto.conf"
    world_start_program mosquitto "$(PATH=$PATH:/usr/sbin command -v mosquitto)" -c "$WORLD/mosquitto.conf"
    wait_for "the start of mosquitto" answers "$BROKER_PORT"
}

world_api_port() {
    API_PORT=$(sed -n 's/.*listening on http:\/\/127\.0\.0\.1:\([0-9]*\).*/\1/p' "$WORLD/simulator.log")
    [[ -n $API_PORT ]]
}

world_simulator() {
    world_start_program simulator "$BUILD/sms-commands-simulator" --listen 127.0.0.1:0 --bearer "$WORLD_TOKEN" \
        --echo --delay-sent 300ms --delay-delivered 500ms
    wait_for "the start of the simulator" world_api_port
}

world_config() {
    WEBHOOK_PORT=$(free_port)
    ADMIN_PORT=$(free_port)
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$WORLD/webhook.secret"
    printf 'devices:\n  meter-001: %s\n  front-gate: {sim: Gate-Controller-7, name: Front gate}\n' "$WORLD_SIM" \
        >"$WORLD/devices.yaml"
    cat >"$WORLD/bridge.yaml" <<EOT
mqtt: {url: "mqtt://127.0.0.1:$BROKER_PORT"}
api: {url: "http://127.0.0.1:$API_PORT/v1", auth: bearer, token: $WORLD_TOKEN, timeout: 5s}
webhook:
  listen: 127.0.0.1:$WEBHOOK_PORT
  public_url: http://127.0.0.1:$WEBHOOK_PORT
  secret_file: webhook.secret
spool: {path: spool.db}
mappings: devices.yaml
admin: {listen: "127.0.0.1:$ADMIN_PORT", send: true}
EOT
    chmod 600 "$WORLD"/*
}

is_ready() {
    curl -fsS -o "$WORLD/readyz" "http://127.0.0.1:$ADMIN_PORT/readyz" 2>/dev/null
}

world_bridge() {
    local url
    url=$("$BUILD/mqtt-sms-bridge" -c "$WORLD/bridge.yaml" --print-urls | grep -o 'http[^ ]*' | head -n 1)
    curl -fsS -H 'Content-Type: application/json' -d "{\"sms_commands_url\":\"$url\"}" \
        "http://127.0.0.1:$API_PORT/_control/fleet" >"$WORLD/fleet.json" || world_give_up "the Fleet has no URL"
    world_start_program bridge "$BUILD/mqtt-sms-bridge" -c "$WORLD/bridge.yaml"
    wait_for "the readiness of the bridge" is_ready
}

# Builds and starts everything; the exit stops it.
world_start() {
    world_build
    WORLD=$(mktemp -d "${TMPDIR:-/tmp}/mqtt-sms-bridge-XXXXXX")
    trap 'exit 130' INT TERM
    trap world_stop EXIT
    world_broker
    world_simulator
    world_config
    world_bridge
    say "broker, simulator and bridge are up"
}

# A node program with its packages from a cache outside the tree: cache_npm FOLDER PACKAGE@VERSION…
cache_npm() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/mqtt-sms-bridge/$1 name
    shift
    mkdir -p "$folder"
    for name in "$@"; do
        if [[ ! -d $folder/node_modules/${name%@*} ]]; then
            [[ -f $folder/package.json ]] || echo '{"private":true}' >"$folder/package.json"
            (cd "$folder" && quietly "$folder/npm.log" npm install --no-audit --no-fund --omit=dev "$name") || return 1
        fi
    done
    echo "$folder"
}
