"""What the bridge is compared with. A peer that cannot be installed is None, and the run says so loudly."""
# SPDX-License-Identifier: Apache-2.0
import json
import shutil
import subprocess
import sys

from world import BUILD, CACHE, HERE, await_that, free_port, is_open

PACKAGES = ("node-red@4", "mqtt@5")
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's modules


def complain(text):
    print(f"SKIPPED: {text}", file=sys.stderr, flush=True)


def install_node_modules():
    """Into a cache outside the source tree. None when it cannot be done."""
    modules = CACHE / "node_modules"
    if (modules / "node-red" / "red.js").exists() and (modules / "mqtt").exists():
        return modules
    if shutil.which("npm") is None or shutil.which("node") is None:
        complain("Node-RED and the mqtt.js script: there is no node or npm here")
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(CACHE),
                        *PACKAGES], check=True, timeout=90, stdout=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError) as error:
        complain(f"Node-RED and the mqtt.js script: npm install failed: {error}")
        return None
    return modules


def version_of(modules, name):
    return json.loads((modules / name / "package.json").read_text())["version"]


class Peer:
    """A running program: its process, and the port of its webhook."""

    def __init__(self, world, name, argv, env, webhook):
        self.world, self.webhook = world, webhook
        self.process = world.run(name, argv, env)
        try:
            await_that(f"{name} to subscribe", 30, self.answers)
        except BaseException:
            complain(f"{name}: {self.process.log.read_text()[-500:]}")
            self.stop()
            raise

    def answers(self):
        """Ready when one command has made its way."""
        if self.process.popen.poll() is not None:
            raise RuntimeError("it ended")
        if self.webhook and not is_open(self.webhook):
            return False
        return self.world.load("--word", '"queued"', "--count", 1, "--seconds", 0.5, "--grace", 0.3)["seen"] == 1

    def stop(self):
        self.world.stop(self.process)


def environment(world, modules, webhook, api):
    return {"BROKER": str(world.broker), "API": f"http://127.0.0.1:{api or world.api}/v1/SmsCommands",
            "WEBHOOK": str(webhook), "NODE_PATH": str(modules)}


def node_red(world, modules, api=None):
    folder = world.folder / "node-red"
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "peers" / "flows.json", folder)
    shutil.copy(HERE / "peers" / "settings.js", folder)
    webhook = free_port()
    return Peer(world, "node-red", ["node", modules / "node-red" / "red.js", "--userDir", folder],
                environment(world, modules, webhook, api), webhook)


def script_js(world, modules, api=None):
    webhook = free_port()
    return Peer(world, "script-js", ["node", HERE / "peers" / "script.js"],
                environment(world, modules, webhook, api), webhook)


def script_py(world, _modules, api=None):
    return Peer(world, "script-py", [PYTHON, HERE / "peers" / "script.py"],
                environment(world, "", 0, api), 0)


def paho_alone(world, _modules, arguments=()):
    return Peer(world, "paho-floor", [BUILD / "bench-paho-floor", world.broker, *arguments], {}, 0)


def paho_stored(world, modules):
    return paho_alone(world, modules, ["--store", world.folder / "floor"])


def python_is_fit(quiet=False):
    fit = subprocess.run([PYTHON, "-c", "import paho.mqtt.client, requests"], stderr=subprocess.DEVNULL,
                         check=False).returncode == 0 if shutil.which(PYTHON) else False
    if not fit and not quiet:
        complain("the Python script: install python3-paho-mqtt and python3-requests")
    return fit
