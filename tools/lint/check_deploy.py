"""What operators deploy holds together: rules, their tests, dashboards, runbook, unit.

Prometheus' own promtool judges syntax and runs the rule tests; every metric, label and label value
that a rule or a dashboard names must stand in the inventory (docs/observability.md); every alert
fires in a test, stays silent in one, and leads to a heading of the runbook.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import promql
import tree
from check_links import anchors
from tree import Finding

RULES = "deploy/prometheus/alerts.yml"
TESTS = "deploy/prometheus/alerts_test.yml"
CONFIG = "deploy/prometheus/prometheus.yml"
UNIT = "deploy/systemd/svc-overlay.service"
EXPOSURE_MAX = 15  # tenths, of 100
SEVERITIES = ("warning", "critical")


def promtool():
    """promtool from PATH, or where tools/dev/promtool.sh unpacks it."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cached = pathlib.Path(os.environ.get("RON_DEPS_DIR") or f"{home}/ron-deps") / "promtool/promtool"
    return shutil.which("promtool") or (str(cached) if cached.is_file() else None)


def output_of(*command):
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def rules():
    """The rules of alerts.yml, one dict each. The file keeps to one way of writing YAML."""
    found = []
    block = None
    for number, line in enumerate(tree.text(RULES).splitlines(), 1):
        start = re.match(r"      - (alert|record): (\S+)$", line)
        if start:
            found.append({"line": number, start.group(1): start.group(2)})
        field = re.match(r"        (  )?(expr|for|labels|summary|runbook_url): (.*)$", line)
        if field and found:
            block = field.group(2) if field.group(3) == ">-" else None
            found[-1][field.group(2)] = "" if block else field.group(3)
        elif block and line.startswith(" " * 10):
            found[-1][block] += line.strip() + " "
        else:
            block = None
    return found


def judge_alert(rule, headings):
    name = rule["alert"]
    severity = re.search(r"severity: (\w+)", rule.get("labels", ""))
    if not severity or severity.group(1) not in SEVERITIES:
        yield f"{name}: no severity of {', '.join(SEVERITIES)}"
    for field in ("for", "summary", "runbook_url"):
        if not rule.get(field):
            yield f"{name}: no {field}"
    path, _, anchor = rule.get("runbook_url", "").partition("#")
    if anchor != name.lower() or anchor not in headings.get(path, ()):
        yield f"{name}: runbook_url leads to no heading of that name"


def judge_tests(names):
    """Each alert once with an empty and once with a filled exp_alerts."""
    text = tree.text(TESTS)
    silent = set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", text))
    fires = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n\s+- exp_labels", text))
    for name in names:
        if name not in fires:
            yield Finding(TESTS, 0, f"{name} fires in no test")
        if name not in silent:
            yield Finding(TESTS, 0, f"{name} stays silent in no test")
    for name in sorted((fires | silent) - set(names)):
        yield Finding(TESTS, 0, f"{name} is not an alert of {RULES}")


def dashboards():
    return [f for f in tree.files() if f.startswith("deploy/grafana/") and f.endswith(".json")]


def expressions(path):
    """(place, expression) of a dashboard, variables replaced by what Grafana could put there."""
    board = json.loads(tree.text(path))
    for panel in board["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
            yield f"panel '{panel['title']}'", text
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            query = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            yield f"variable {variable['name']}", query.group(1) if query else "not label_values()"


def judge_syntax(tool, entries):
    """promtool parses rules only, so every expression of a dashboard becomes one."""
    wrapped = [{"record": f"lint:{i}", "expr": text} for i, (_, _, text) in enumerate(entries)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "dashboards", "rules": wrapped}]}, file)
        file.flush()
        code, out = output_of(tool, "check", "rules", file.name)
    for index, text in re.findall(r'"lint:(\d+)": (could not parse.*)', out):
        path, place, _ = entries[int(index)]
        yield Finding(path, 0, f"{place}: {text}")
    if code != 0 and "lint:" not in out:
        yield Finding("deploy/grafana", 0, f"promtool: {out.strip()}")


def judge_promtool():
    tool = promtool()
    if tool is None:
        yield Finding(RULES, 0, "promtool is not installed, nothing was judged: ./dev setup installs it")
        return
    for path, command in ((CONFIG, ("check", "config")), (RULES, ("check", "rules")),
                          (TESTS, ("test", "rules"))):
        code, out = output_of(tool, *command, path)
        if code != 0:
            yield Finding(path, 0, f"promtool {' '.join(command)}: {out.strip()}")
    entries = [(path, place, text) for path in dashboards() for place, text in expressions(path)]
    yield from judge_syntax(tool, entries)


def judge_unit():
    if shutil.which("systemd-analyze") is None:
        yield Finding(UNIT, 0, "systemd-analyze is not installed, nothing was judged: ./dev setup installs it")
        return
    code, out = output_of("systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", UNIT)
    if code != 0:
        level = [line for line in out.splitlines() if "exposure level" in line]
        yield Finding(UNIT, 0, f"over {EXPOSURE_MAX / 10}: {(level or [out.strip()])[0]}")
    _, out = output_of("systemd-analyze", "verify", "--man=no", UNIT)
    for line in out.splitlines():  # the program itself need not be installed here
        if re.search(r"Unknown|Failed to (parse|resolve)|[Ii]nvalid|ignoring", line):
            yield Finding(UNIT, 0, line)


def check():
    yield from judge_promtool()
    yield from judge_unit()
    inventory = promql.inventory(tree.text("docs/observability.md"))
    known = rules()
    recorded = {rule["record"] for rule in known if "record" in rule}
    names = {rule["alert"]: None for rule in known if "alert" in rule}
    headings = {"docs/runbook.md": anchors("docs/runbook.md")}
    for rule in known:
        problems = list(judge_alert(rule, headings)) if "alert" in rule else []
        problems += promql.problems(rule.get("expr", ""), inventory, recorded)
        for problem in problems:
            yield Finding(RULES, rule["line"], problem)
    yield from judge_tests(list(names))
    for path in dashboards():
        for place, text in expressions(path):
            for problem in promql.problems(text, inventory, recorded):
                yield Finding(path, 0, f"{place}: {problem}")
