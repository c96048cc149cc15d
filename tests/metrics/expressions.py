#!/usr/bin/env python3
"""Asks a Prometheus every expression of a dashboard and of alert rules: expressions.py URL DASHBOARD RULES METRICS

Each must be understood; each of the dashboard must have data; and both may only name metrics that there are.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import re
import sys
import time
import urllib.parse
import urllib.request

PATIENCE_S = 30


def ask(url, expression):
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def answered(url, expression, deadline):
    """A rate needs two scrapes."""
    while not ask(url, expression):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def of_dashboard(path):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def of_rules(url):
    with urllib.request.urlopen(f"{url}/api/v1/rules", timeout=10) as answer:
        for group in json.load(answer)["data"]["groups"]:
            for rule in group["rules"]:
                yield rule["name"], rule["query"], rule["health"]


def unknown_names(expression, known):
    for name in re.findall(r"\bmqtt_sms_bridge_\w+", expression):
        if name not in known and re.sub(r"_(bucket|sum|count)$", "", name) not in known:
            yield name


def filled_in(expression):
    expression = re.sub(r"\$__rate_interval|\$__range", "1m", expression)
    return expression.replace("$instance", ".*")


def main():
    url, dashboard, rules, metrics = sys.argv[1:]
    faults, asked, deadline = [], 0, time.monotonic() + PATIENCE_S
    with open(metrics, encoding="utf-8") as file:
        known = set(re.findall(r"^# TYPE (\S+)", file.read(), re.M))
    for title, expression in of_dashboard(dashboard):
        asked += 1
        faults += [f"{title}: no metric {name}" for name in unknown_names(expression, known)]
        if not answered(url, filled_in(expression), deadline):
            faults.append(f"{title}: no data for {expression}")
    with open(rules, encoding="utf-8") as file:
        wanted = len(re.findall(r"^\s*- alert:", file.read(), re.M))
    loaded = list(of_rules(url))
    if len(loaded) != wanted:
        faults.append(f"{len(loaded)} rules loaded, {wanted} in the file")
    for name, expression, health in loaded:
        asked += 1
        faults += [f"{name}: no metric {metric}" for metric in unknown_names(expression, known)]
        if health == "err":
            faults.append(f"{name}: Prometheus cannot evaluate it")
        ask(url, expression)
    print("\n".join(faults) or f"{asked} expressions, all answered")
    return 1 if faults or asked < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
