"""Spools of any size, written straight into a file that the daemon made."""
# SPDX-License-Identifier: Apache-2.0
import os
import sqlite3
import subprocess
import time

from world import BUILD, Bridge

STATES = {"waiting": 1, "delivered": 7}


def insert(database, count, state, devices):
    now = int(time.time() * 1000)
    waits = state == "waiting"
    live = 1 if waits else 0
    rows = ((i + 1, STATES[state], live, 1 if waits and i < devices else 0, 1, now, now, now + 86400000, now,
             f"d{i % devices + 1}", f"HS{i % devices + 1:032x}", f"b{i}", f"m{i}",
             "" if waits else f"HC{i + 1:032x}") for i in range(count))
    database.executemany(
        "INSERT INTO commands (seq, state, live, ready, priority, created_ms, updated_ms, expires_ms, due_ms, device,"
        " sim, client_id, payload, sid, reply_topic) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,'')", rows)


def make(world, count, state, devices):
    """The path of a new spool with so many commands in a state."""
    bridge = Bridge(world)
    bridge.stop(keep=True)
    database = sqlite3.connect(bridge.spool)
    with database:
        insert(database, count, state, devices)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return bridge.spool


def recover(world, waiting):
    """Seconds and megabytes of `--recover` where so many wait: all are put in doubt, and nothing else is done."""
    spool = make(world, waiting, "waiting", 200)
    began = time.monotonic()
    process = subprocess.Popen([BUILD / "mqtt-sms-bridge", "--recover", "-c", spool.with_name("bridge.yaml")],
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"--recover ended with {process.returncode}")
    return {"rate": time.monotonic() - began, "mb": usage.ru_maxrss / 1024}
