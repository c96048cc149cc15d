"""What many devices cost: the mapping when it is loaded and exchanged, and their announcement to Home Assistant."""
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import time

from world import BUILD, Bridge, await_that

FORMS = {"sids": "HS{0:032x}", "names": "{{sim: HS{0:032x}, name: Meter number {0}}}"}
RELOADS = 5


def write_mapping(path, devices, form):
    with open(path, "w", encoding="utf-8") as file:
        file.write("devices:\n")
        file.writelines(f"  meter-{i:07d}: {FORMS[form].format(i)}\n" for i in range(devices))


def check(world, devices, form):
    """Seconds and megabytes of `--test-config`: the mapping is loaded, and nothing else of size."""
    write_mapping(world.folder / "fleet.yaml", devices, form)
    config = world.folder / f"fleet-{form}.yaml"
    config.write_text('api: {url: "http://127.0.0.1:1/v1", auth: bearer, token: t}\nmappings: fleet.yaml\n')
    best = None
    for _ in range(3):
        began = time.monotonic()
        process = subprocess.Popen([BUILD / "mqtt-sms-bridge", "-t", "-c", config], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        found = {"rate": time.monotonic() - began, "mb": usage.ru_maxrss / 1024}
        if process.returncode != 0:
            raise RuntimeError(f"--test-config ended with {process.returncode}")
        best = found if best is None or found["rate"] < best["rate"] else best
    return best


def peak_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024


def reload(world, devices, form):
    """SIGHUP several times: how long each takes, and the memory it peaks at and leaves behind."""
    mapping = world.folder / f"reload-{form}.yaml"
    write_mapping(mapping, devices, form)
    bridge = Bridge(world, mapping=mapping)
    took = []
    for count in range(1, RELOADS + 1):
        began = time.monotonic()
        bridge.process.popen.send_signal(signal.SIGHUP)
        await_that("the reload", 60, lambda: bridge.metric("reloads_total") == count)
        took.append(time.monotonic() - began)
    ret = {"rate": sorted(took)[RELOADS // 2], "peak_mb": peak_mb(bridge.process.pid),
           "after_mb": bridge.process.rss_mb()}
    bridge.stop()
    return ret


def announce(world, devices):
    """The first announcement of a fleet on a fresh spool, and what the broker's memory grows by."""
    broker_mb = world.broker_process.rss_mb()
    bridge = Bridge(world, devices=devices, extra="homeassistant: {discovery: true}\n")
    began = time.monotonic()
    await_that("the announcement", 300, lambda: b"announced" in bridge.process.log.read_bytes())
    ret = {"rate": devices / (time.monotonic() - began), "mb": bridge.process.rss_mb(),
           "broker_mb": world.broker_process.rss_mb() - broker_mb}
    bridge.stop()
    return ret
