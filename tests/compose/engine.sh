#!/usr/bin/env bash
# Docker where an engine answers, else podman with podman-compose, each behind the same few functions. Sourced, not run.
#
# podman is used as it is installed, but for what a machine without privileges over limits and without systemd needs:
# modest ulimits, cgroupfs, health checks by hand. The base image is pulled; where no registry can be reached it is made
# of this machine's own apt sources, without what the real one leaves out as well, and kept below ~/.cache.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

readonly BASE_IMAGE=docker.io/library/debian:bookworm-slim
readonly BASE_RELEASE=bookworm
readonly BASE_DAYS=7 # how long a base that was made here is good
readonly BASE_RULES=(--dpkgopt=path-exclude='/usr/share/doc/*' --dpkgopt=path-include='/usr/share/doc/*/copyright'
    --dpkgopt=path-exclude='/usr/share/info/*' --dpkgopt=path-exclude='/usr/share/man/*'
    --dpkgopt=path-exclude='/usr/share/locale/*')
readonly LIMIT=4096 # of files and of processes, where the machine does not have a lower one
engine='' project='' # set by choose_engine

engine_is_docker() {
    command -v docker >/dev/null && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

# ulimit_of NAME OPTION-OF-ulimit
ulimit_of() {
    local own
    own=$(ulimit -H "$2")
    [[ $own != unlimited ]] && ((own < LIMIT)) || own=$LIMIT
    echo "\"$1=$own:$own\""
}

podman_settings() {
    printf '%s\n' '[containers]' "default_ulimits = [$(ulimit_of nofile -n), $(ulimit_of nproc -u)]" \
        '[network]' 'network_backend = "netavark"' \
        '[engine]' 'cgroup_manager = "cgroupfs"' 'events_logger = "file"' 'runtime = "runc"'
}

# choose_engine FOLDER PROJECT: false when there is none and none can be installed. Files go into the folder.
choose_engine() {
    project=$2
    if engine_is_docker; then
        engine=docker
        return 0
    fi
    engine=podman
    if ((EUID != 0)) || ! "$ROOT/scripts/install-deps" containers package-test; then
        return 1
    fi
    podman_settings >"$1/containers.conf"
    export CONTAINERS_CONF=$1/containers.conf DISABLE_HC_SYSTEMD=true
    podman info >/dev/null 2>&1 || { export STORAGE_DRIVER=vfs && podman info >/dev/null; }
}

# The base image under its own name, if it takes making it here.
provide_base() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/mqtt-sms-bridge file
    file=$folder/base-slim-$BASE_RELEASE-$(uname -m).tar
    [[ $engine == podman ]] || return 0
    if podman image exists "$BASE_IMAGE" || timeout 60 podman pull -q "$BASE_IMAGE"; then
        return 0
    fi
    say "no registry answers: making $BASE_IMAGE of this machine's apt sources"
    mkdir -p "$folder"
    if [[ -z $(find "$file" -mtime "-$BASE_DAYS" 2>/dev/null) ]]; then
        "$ROOT/tests/containers/base-system" "$file.new.tar" "${BASE_RULES[@]}" && mv "$file.new.tar" "$file" ||
            return 1
    fi
    podman import -q "$file" "$BASE_IMAGE"
}

# build_image TARGET NAME
build_image() {
    local -a network=()
    if [[ $engine == podman ]]; then
        network=(--network host) # the packages come the way on which this machine gets its own
    fi
    "$engine" build "${network[@]}" --target "$1" -t "$2" --build-arg BASE="$BASE_IMAGE" "$ROOT"
}

compose() {
    if [[ $engine == docker ]]; then
        docker compose -p "$project" "$@"
    else
        podman-compose -p "$project" "$@"
    fi
}

container_of() {
    "$engine" ps -aq --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.service=$1"
}

# inside SERVICE COMMAND…
inside() {
    "$engine" exec "$(container_of "$1")" "${@:2}"
}

is_healthy() {
    local container
    container=$(container_of "$1")
    if [[ $engine == docker ]]; then
        [[ $(docker inspect -f '{{.State.Health.Status}}' "$container") == healthy ]]
    else
        podman healthcheck run "$container" >/dev/null 2>&1
    fi
}

# Takes everything of the project away, and says whether something is left.
take_down() {
    compose down --volumes || true
    local network
    for network in $("$engine" network ls --format '{{.Name}}' | grep "^${project}_" || true); do
        "$engine" network rm "$network" || true # podman-compose leaves them
    done
    [[ -z $("$engine" ps -aq --filter "label=com.docker.compose.project=$project") ]] &&
        ! "$engine" network ls --format '{{.Name}}' | grep -q "^${project}_" &&
        ! "$engine" volume ls --format '{{.Name}}' | grep -q "^${project}_"
}
