"""What is measured: each function returns figures; nothing is judged here."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import subprocess
import time

import peers
import spools
from world import BUILD, DEVICES, Bridge, await_that, free_port, is_open

QUEUED = ("--word", '"queued"')
CACHES_FULL = 20000  # commands: the page cache of a spool is full by then
UP = ("--subscribe", "devices/+/up", "--publish", "unused")


def checked(figures, what):
    """A figure of a run that lost or repeated something is no figure."""
    if not figures["all"] or figures["duplicates"] or figures["failures"]:
        raise RuntimeError(f"{what}: lost or repeated messages: {figures}")
    return figures


def with_cpu(process, work):
    """Figures of the work, and the process's CPU for each message in microseconds."""
    before = process.cpu_s()
    figures = work()
    figures["cpu_us"] = (process.cpu_s() - before) * 1e6 / max(figures["seen"], 1)
    return figures


# ---- limits ----------------------------------------------------------------------------------------


def limit_nginx(world, seconds):
    h2load = shutil.which("h2load")
    if h2load is None:
        peers.complain("the limit of nginx: install nghttp2-client for h2load")
        return None
    body = world.folder / "body"
    body.write_text("Sim=HS00000000000000000000000000000001&Payload=m1")
    text = subprocess.run([h2load, "--h1", "-D", str(seconds), "-c", "16", "-d", str(body),
                           f"http://127.0.0.1:{world.api}/v1/SmsCommands"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout
    return float(re.search(r"([\d.]+) req/s", text).group(1))


def limit_commits(world, seconds, how):
    path = world.folder / f"commits-{time.monotonic_ns()}.db"
    done = subprocess.run([BUILD / "bench-commits", path, str(seconds), how], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["rate"]


def limit_broker(world, seconds):
    return checked(world.load("--seconds", seconds, "--publish", "echo/d%", "--subscribe", "echo/+"), "broker")["rate"]


# ---- down and up -----------------------------------------------------------------------------------


def downlink(world, program, seconds, what, window=500):
    run = lambda: world.load(*QUEUED, "--seconds", seconds, "--window", window, "--devices", DEVICES)
    return checked(with_cpu(program.process, run), what)


def callbacks(world, program, path, seconds, what):
    run = lambda: world.load("--webhook", program.webhook, "--path", path, *UP, "--seconds", seconds,
                             "--devices", DEVICES)
    return checked(with_cpu(program.process, run), what)


def bridge_downlink(world, seconds, durability):
    bridge = Bridge(world, durability)
    try:
        commits = bridge.metric("spool_commit_duration_seconds_count")
        figures = downlink(world, bridge, seconds, f"bridge, durability: {durability}")
        figures["commits"] = (bridge.metric("spool_commit_duration_seconds_count") - commits) / figures["seen"]
        return figures
    finally:
        bridge.stop()


def bridge_callbacks(world, seconds):
    bridge = Bridge(world)
    try:
        return callbacks(world, bridge, bridge.sms_path(), seconds, "bridge, callbacks")
    finally:
        bridge.stop()


def peer_downlink(world, start, modules, seconds, window=500):
    peer = start(world, modules)
    try:
        return downlink(world, peer, seconds, start.__name__, window)
    finally:
        peer.stop()


def peer_callbacks(world, start, modules, seconds):
    peer = start(world, modules)
    try:
        return callbacks(world, peer, "/callback", seconds, start.__name__)
    finally:
        peer.stop()


def whole_life(world, seconds):
    """Accepted, queued, sent, delivered: with an API that calls back."""
    port = free_port()
    simulator = world.run("simulator", [BUILD / "sms-commands-simulator", "--listen", f"127.0.0.1:{port}",
                                        "--bearer", "tok", "--delay-sent", "0ms", "--delay-delivered", "0ms"])
    bridge = Bridge(world, api=port)
    try:
        run = lambda: world.load("--word", '"delivered"', "--seconds", seconds, "--devices", DEVICES)
        return checked(with_cpu(bridge.process, run), "whole life")
    finally:
        bridge.stop()
        world.stop(simulator)


def latency(world, program_at, seconds, rate=100):
    """From PUBLISH to the API's having the request. `program_at` starts what is measured, given the API's port."""
    port = free_port()
    load = subprocess.Popen([BUILD / "bench-load", "--broker", str(world.broker), *QUEUED, "--rate", str(rate),
                             "--seconds", str(seconds), "--api", str(port), "--devices", str(DEVICES), "--wait"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        await_that("the API", 10, lambda: is_open(port))
        program = program_at(port)
        try:
            text, _ = load.communicate(b"go\n", timeout=seconds + 60)
        finally:
            program.stop()
    finally:
        load.kill()
        load.wait()
    return checked(json.loads(text), "latency")


# ---- memory, backlog, size --------------------------------------------------------------------------


def idle_memory(world):
    bridge = Bridge(world)
    try:
        time.sleep(1)
        return bridge.process.rss_mb()
    finally:
        bridge.stop()


def steady_memory(world, commands, seconds):
    """Resident memory when the caches are full, and after so many more commands (or the seconds)."""
    bridge = Bridge(world)
    try:
        def load(count):
            return checked(world.load(*QUEUED, "--count", count, "--seconds", seconds), "many commands")["seen"]

        load(CACHES_FULL)
        first, total, end = bridge.process.rss_mb(), 0, time.monotonic() + seconds
        while total < commands and time.monotonic() < end:
            total += load(commands // 4)
        return first, bridge.process.rss_mb(), total
    finally:
        bridge.stop()


def shared(world, count, seconds):
    """Several bridges of one share group; what they created at the API beyond one for each command.

    A group of its own for each run: a broker keeps giving a stopped member its share.
    """
    bridges = [Bridge(world, group=f"bench-{count}") for _ in range(count)]
    try:
        before = world.creates()
        figures = checked(world.load(*QUEUED, "--seconds", seconds, "--window", 500, "--devices", DEVICES), "shared")
        return {"rate": figures["rate"], "beyond": world.creates() - before - figures["seen"]}
    finally:
        for bridge in bridges:
            bridge.stop()


def backlog(world, waiting, devices):
    """Starts with many devices and commands that wait while the API is away; then the API comes back."""
    small = spools.make(world, 100, "waiting", devices)
    bridge = Bridge(world, api=free_port(), devices=devices, spool=small)
    time.sleep(1)
    ret = {"rss_few": bridge.process.rss_mb()}
    bridge.stop()
    spool = spools.make(world, waiting, "waiting", devices)
    world.stop(world.nginx)
    bridge = Bridge(world, devices=devices, spool=spool)
    try:
        time.sleep(1)
        ret.update(start_s=bridge.start_s, rss=bridge.process.rss_mb())
        before = world.creates()
        world.nginx = world.start_nginx()
        samples = []
        await_that("the first", 90, lambda: bridge.metric("queue_depth") < waiting - 50)
        began = time.monotonic()
        while (left := bridge.metric("queue_depth")) > 0 and time.monotonic() - began < 600:
            samples.append((time.monotonic(), left))
            time.sleep(0.05)
        middle = samples[len(samples) // 10:]
        ret["rate"] = (middle[0][1] - middle[-1][1]) / (middle[-1][0] - middle[0][0])
        await_that("the last answer", 20, lambda: bridge.metric("events_waiting") == 0)
        ret.update(rss_after=bridge.process.rss_mb(), creates=world.creates() - before)
        return ret
    finally:
        bridge.stop()


def at_size(world, sizes, seconds, rounds):
    """Rates with so many finished commands in the spool, and its size; the rounds go around among the sizes."""
    bridges, rates = {}, {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            bridge = Bridge(world, "power", spool=bridges.setdefault(size, spools.make(world, size, "delivered",
                                                                                       DEVICES)))
            rates[size].append(downlink(world, bridge, seconds, f"{size} stored")["rate"])
            bridge.stop()
    return {size: {"rate": sorted(found)[len(found) // 2], "mb": os.stat(bridges[size]).st_size / 1e6}
            for size, found in rates.items()}
