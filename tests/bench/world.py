"""What a run consists of: processes that are started and stopped by their id, ports, files."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build-bench"))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "mqtt-sms-bridge-bench"
os.environ["PATH"] += ":/usr/sbin"  # nginx and mosquitto; not on everybody's path
TICKS = os.sysconf("SC_CLK_TCK")
DEVICES = 200  # of the runs that are not about many devices


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_that(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise RuntimeError(f"waited {seconds} s for {what}")


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


class Process:
    """One program; its output goes to a file."""

    def __init__(self, folder, name, argv, env=None):
        self.name = name
        self.log = folder / f"{name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                          env={**os.environ, **(env or {})}, cwd=folder, start_new_session=True)
        self.pid = self.popen.pid

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class World:
    """A folder, a broker, an API; programs under test come and go."""

    def __init__(self):
        BUILD.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        self.running = []
        self.broker = self.start_broker()
        self.api = free_port()
        self.nginx = self.start_nginx()

    def run(self, name, argv, env=None):
        process = Process(self.folder, name, argv, env)
        self.running.append(process)
        return process

    def stop(self, process):
        process.stop()
        if process in self.running:
            self.running.remove(process)

    def close(self):
        for process in reversed(list(self.running)):
            self.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_broker(self):
        port = free_port()
        conf = self.folder / "broker.conf"
        conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
                        "max_inflight_messages 0\nset_tcp_nodelay true\nlog_dest none\n")
        self.broker_process = self.run("mosquitto", ["mosquitto", "-c", conf])
        await_that("the broker", 10, lambda: is_open(port))
        return port

    def start_nginx(self):
        """The API for all: a sid for every create; each request leaves a line in api.log."""
        folder = self.folder / "nginx"
        folder.mkdir(exist_ok=True)
        conf = folder / "nginx.conf"
        temp = "\n".join(f"  {kind}_temp_path {folder};" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf.write_text(f"""daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
{temp}
  log_format short "$request_method";
  access_log {self.folder}/api.log short buffer=64k flush=200ms;
  keepalive_requests 1000000000;
  default_type application/json;
  server {{
    listen 127.0.0.1:{self.api};
    location = /v1/SmsCommands {{
      if ($request_method = GET) {{
        return 200 '{{"sms_commands":[],"meta":{{"next_page_url":null}}}}';
      }}
      return 201 '{{"sid":"HC$request_id","status":"queued"}}';
    }}
  }}
}}
""")
        process = self.run("nginx", ["nginx", "-p", folder, "-c", conf,
                                     "-e", folder / "error.log"])
        await_that("nginx", 10, lambda: is_open(self.api))
        return process

    def creates(self):
        """How many POSTs the API has had."""
        time.sleep(0.5)  # the log's flush
        return (self.folder / "api.log").read_bytes().count(b"POST")

    def load(self, *arguments, timeout=600):
        done = subprocess.run([str(BUILD / "bench-load"), "--broker", str(self.broker), *map(str, arguments)],
                              stdout=subprocess.PIPE, timeout=timeout, check=True)
        return json.loads(done.stdout)


class Bridge:
    """The daemon under test."""

    def __init__(self, world, durability="power", api=None, devices=DEVICES, spool=None, wait_s=60, group="",
                 extra="log: {level: error}\n", mapping=None):
        self.world = world
        self.webhook, self.admin = free_port(), free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bridge-", dir=world.folder))
        self.spool = spool or self.folder / "spool.db"
        self.config = self.folder / "bridge.yaml"
        secret = self.folder / "secret"
        secret.write_text("k" * 32)
        secret.chmod(0o600)
        self.config.write_text(
            f'mqtt: {{url: "mqtt://127.0.0.1:{world.broker}", client_id: {self.folder.name}, '
            f'share_group: "{group}"}}\ntopics: {{bridge: {self.folder.name}}}\n'
            f'api: {{url: "http://127.0.0.1:{api or world.api}/v1", auth: bearer, token: tok, rate: 0}}\n'
            f'webhook: {{listen: "127.0.0.1:{self.webhook}", public_url: "http://127.0.0.1:{self.webhook}", '
            f'secret_file: {secret}}}\n'
            f'admin: {{listen: "127.0.0.1:{self.admin}"}}\n'
            f'spool: {{path: {self.spool}, durability: {durability}}}\n'
            f'mappings: {mapping or mapping_of(world, devices)}\n{extra}')
        began = time.monotonic()
        self.process = world.run("bridge", [BUILD / "mqtt-sms-bridge", "-c", self.config])
        await_that("the bridge", wait_s, self.is_ready)
        self.start_s = time.monotonic() - began

    def is_ready(self):
        if self.process.popen.poll() is not None:
            raise RuntimeError("the bridge ended: " + self.process.log.read_text()[-500:])
        return get(self.admin, "/readyz")[0] == 200

    def metric(self, name):
        for line in get(self.admin, "/metrics")[1].splitlines():
            if line.startswith(f"mqtt_sms_bridge_{name} "):
                return float(line.split()[1])
        return 0.0

    def sms_path(self):
        text = subprocess.run([BUILD / "mqtt-sms-bridge", "-c", self.config, "--print-urls"],
                              stdout=subprocess.PIPE, check=True, text=True).stdout
        return next("/callback/sms/" + word.rsplit("/", 1)[1] for word in text.split() if "/callback/sms/" in word)

    def stop(self, keep=False):
        """Also for the broker: it would keep every command for a session that nobody takes up again."""
        self.world.stop(self.process)
        subprocess.run(["mosquitto_pub", "-p", str(self.world.broker), "-i", self.folder.name, "-t", "bench/end", "-n"],
                       check=True)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def mapping_of(world, devices):
    """A mapping file with this many devices: d1 … dN."""
    path = world.folder / f"devices-{devices}.yaml"
    if not path.exists():
        with open(path, "w", encoding="ascii") as file:
            file.write("devices:\n")
            file.writelines(f"  d{i}: HS{i:032x}\n" for i in range(1, devices + 1))
    return path
