"""The table: a goal beside each figure, met or not."""
# SPDX-License-Identifier: Apache-2.0
import os
import platform


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, figure, unit="", goal="", met=None):
        """`figure` None: it could not be measured."""
        self.rows.append((what, text_of(figure), unit, goal, verdict(figure, met)))

    def section(self, title):
        self.rows.append((title,))

    def print(self):
        width = max(len(row[0]) for row in self.rows if len(row) > 1)
        for row in self.rows:
            if len(row) == 1:
                print(f"\n{row[0]}")
                continue
            what, figure, unit, goal, met = row
            print(f"  {what:<{width}}  {figure:>10} {unit:<14} {goal:<44} {met}".rstrip())
        missed = sum(row[4] == "NOT MET" for row in self.rows if len(row) > 1)
        met = sum(row[4] == "met" for row in self.rows if len(row) > 1)
        print(f"\n{met} goals met, {missed} not met", flush=True)


def text_of(figure):
    if figure is None:
        return "-"
    if isinstance(figure, str):
        return figure
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}" if abs(figure) < 10 else f"{figure:.1f}"


def verdict(figure, met):
    if met is None:
        return ""
    if figure is None:
        return "not measured"
    return "met" if met else "NOT MET"


def machine():
    model = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, load average at the start {load:.1f}"
