"""Results as Markdown and as the data of plots."""
import statistics

import stacks
from goals import JUDGED, measures
from results import median, ratios, values
from svg import NAMES
from tables import count, digits, size_name, spread
from workloads import WORKLOADS

FAN_OUT = {"w1": "1 to 1", "w2": "1 to 50", "w3": "10 times 1 to 10"}
BY_SIZE = ("w1", "w1tls", "w2", "w2tls", "w3", "w3tls")
COST = (*BY_SIZE, "w7", "w8", "w9")
LATENCY = ("w4", "w4fan", "w4tls")
SLOW = ("lag", "stalled5", "stalled5lat", "rareslow")
README_SIZES = (128, 1024, 16384, 65536)
README_SERVERS = ("ours", "nats", "redis", "mqtt", "zmq")


def ratio(results, work, size, server):
    found = ratios(results.of(work, size, server), results.of(work, size, "frame"), "srv_cpu_per_M")
    return statistics.median(found) if found and server != "frame" else None


def throughput(results, work, size, server):
    return median(results.of(work, size, server), "msgs_s")


def panel(results, work, value, sizes=None, servers=None):
    data = {}
    for server in servers or NAMES:
        points = {size_name(size): value(results, work, size, server)
                  for size in sizes or results.sizes(work)}
        points = {column: point for column, point in points.items() if point}
        if points:
            data[server] = points
    return data


def by_size(results, value):
    """Panels of the workloads that have more than one size."""
    panels = []
    for work in (work for work in BY_SIZE if len(results.sizes(work)) > 1):
        channel = "TLS" if WORKLOADS[work].tls else "plain TCP"
        panels.append((f"{work}: {FAN_OUT[work[:2]]}, {channel}", panel(results, work, value)))
    return [(title, data) for title, data in panels if data]


def readme_panel(results):
    sizes = [size for size in README_SIZES if size in results.sizes("w2")]
    return [("plain TCP, by payload size", panel(results, "w2", ratio, sizes, README_SERVERS))]


def latency_panels(results):
    panels = []
    for work in (work for work in LATENCY if work in results.work):
        for size in results.sizes(work):
            data = {server: {key: median(results.of(work, size, server), key)
                             for key in ("p50", "p90", "p99")}
                    for server in results.servers(work, size)}
            panels.append((f"{WORKLOADS[work].text.replace(', latency', '')}, {size_name(size)}", data))
    return panels


def memory_panels(results):
    titles = {"idle": "plain TCP", "idletls": "TLS 1.3"}
    return [(title, {server: median(results.of(work, 128, server), "session_kB")
                     for server in results.servers(work, 128)})
            for work, title in titles.items() if work in results.work]


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header),
            *("| " + " | ".join(row) + " |" for row in rows), ""]


def shown_servers(results, works):
    found = {server for work in works for size in results.sizes(work)
             for server in results.servers(work, size)}
    return [name for name in NAMES if name in found]


def goals(results):
    """What is aimed at, and whether it was reached."""
    rows = []
    rows_of = ((work, size, server) for work in results.work for size in results.sizes(work)
               for server in JUDGED)
    for work, size, server in rows_of:
        name = work if server == "ours" else f"{work}, {NAMES[server].split(', ')[1]}"
        for each in measures(results, work, size, server):
            if each.aim is None:
                continue
            sign = "&ge;" if each.at_least else "&le;"
            rows.append([name, size_name(size), f"{spread(each.values)} {each.unit}",
                         f"{sign} {digits(each.aim)}",
                         "reached" if each.reached else "**missed**", each.note])
    return table(("workload", "payload", "measured", "goal", "", "beside it"), rows)


def by_server(results, works, cell, title=str):
    """A row a workload and size, a column a server; `cell` says what of one stands there."""
    works = [work for work in works if work in results.work]
    servers = shown_servers(results, works)
    rows = [[title(work), size_name(size), *(cell(results, work, size, server) for server in servers)]
            for work in works for size in results.sizes(work)]
    return table(("workload", "payload", *(NAMES[name] for name in servers)), rows)


def cost_cell(results, work, size, server):
    cost = median(results.of(work, size, server), "srv_cpu_per_M")
    times = ratio(results, work, size, server)
    return "" if cost is None else digits(cost) + (f" ({digits(times)}x)" if times else "")


def throughput_cell(results, work, size, server):
    found = throughput(results, work, size, server)
    return "" if found is None else count(found)


def latency_cell(results, work, size, server):
    runs = results.of(work, size, server)
    return " / ".join(digits(median(runs, key)) for key in ("p50", "p90", "p99")) if runs else ""


def latency_title(work):
    return f"{work}: {WORKLOADS[work].text.replace(', latency', '')}"


def memories(results):
    rows = []
    for work in (work for work in ("idle", "idletls") if work in results.work):
        for server in results.servers(work, 128):
            runs = results.of(work, 128, server)
            rows.append(["TLS 1.3" if WORKLOADS[work].tls else "plain TCP", NAMES[server],
                         spread(values(runs, "session_kB")), spread(values(runs, "srv_cpu_us_per_conn"))])
    return table(("channel", "server", "KiB a session", "us of CPU a connect"), rows)


def slow_readers(results):
    rows = []
    for work in (work for work in SLOW if work in results.work):
        for server in results.servers(work, 128):
            rows += [[WORKLOADS[work].text, NAMES[server], f"{spread(each.values)} {each.unit}", each.note]
                     for each in measures(results, work, 128, server) if each.unit != "x frame"]
    return table(("workload", "server", "measured", ""), rows)


def about(calls, results):
    machine, versions = calls[-1]["machine"], {}
    for call in calls:
        for name, version in call["versions"].items():
            versions.setdefault(name, {})[version] = None  # a set in order
    runs = [each for group in results.groups.values() for each in group]
    names = {**NAMES, "openssl": "OpenSSL (ours, generator, relay)"}
    said = ", ".join(f"{names[name]} {' and '.join(found)}" for name, found in versions.items())
    noise = sorted(values(runs, "noise"))
    last = calls[-1]
    lines = [f"Measured on {calls[0]['call'][:10]}: {machine['kind']} with {machine['cpus']} CPUs "
             f"({machine['cpu']}), {machine['memory_GiB']} GiB, {machine['system']}, Linux "
             f"{machine['linux']}; server on CPU {last['server_cpu']}, generator on CPU "
             f"{last['generator_cpu']}; {said}. {len(runs)} runs; other work of the machine meanwhile: "
             f"{digits(statistics.median(noise))} CPUs at the median, {digits(noise[-1])} at most.", "",
             "```", *dict.fromkeys(call["command"] for call in calls), "```", ""]
    dropped = [each for call in calls for each in call["left_out"]]
    left_out = f"{len(dropped)} runs were disturbed and left out: {'; '.join(dropped)}. " if dropped else ""
    lost, told = sum(values(runs, "lost")), sum(values(runs, "lagged"))
    return lines + [f"Every message was counted: {lost:.0f} lost, {told:.0f} told as lagged by the "
                    "server. " + left_out + "Numbers are medians, in brackets the range.", ""]


def figure(names, name, alt):
    return [f"![{alt}](performance/{name})", ""] if name in names else []


def performance(calls, results, plots, sampled):
    """The block of docs/performance.md."""
    lines = about(calls, results)
    lines += ["### Goals", "", *goals(results)]
    lines += ["### CPU a delivered message", "",
              "Microseconds of the whole server process, in brackets the multiple of the bare relay's.", "",
              *by_server(results, COST, cost_cell),
              *figure(plots, "cpu.svg", "CPU time a message against a bare relay, by payload size")]
    lines += ["### Throughput", "", "Delivered messages a second, the server on one CPU.", "",
              *by_server(results, COST, throughput_cell),
              *figure(plots, "throughput.svg", "Delivered messages a second, by payload size")]
    if latency_panels(results):
        lines += ["### Latency", "", "p50 / p90 / p99 in microseconds.", "",
                  *by_server(results, LATENCY, latency_cell, latency_title),
                  *figure(plots, "latency.svg", "Latency percentiles of each server")]
    if memory_panels(results):
        lines += ["### Idle sessions", "", *memories(results),
                  *figure(plots, "memory.svg", "Memory of an idle session of each server")]
    if any(work in results.work for work in SLOW):
        lines += ["### Slow readers", "", *slow_readers(results)]
    if sampled:
        lines += ["### Where the cycles go", ""]
    for work, found in sampled.items():
        lines += [*figure(plots, f"flame-{work}.svg", stacks.title(work)),
                  f"{work}, `./dev bench flame {work}`, {sum(found.values())} samples. {stacks.summary(found)}", ""]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def readme(results):
    """The plot that matters, one sentence, and the command."""
    said = []
    for size in README_SIZES:
        found = {name: ratio(results, "w2", size, name) for name in README_SERVERS}
        others = {name: value for name, value in found.items() if value and name != "ours"}
        if found["ours"] and others:
            best = min(others, key=others.get)
            said.append(f"{size_name(size)} {found['ours']:.2f} ({NAMES[best]} {others[best]:.2f})")
    return ["![CPU time of a delivered message against a bare relay, svc-overlay and brokers, by payload "
            "size](docs/performance/w2.svg)", "",
            "CPU time of a delivered message, one publisher to 50 subscribers, as a multiple of a bare relay's, "
            "in brackets the nearest", "broker's: " + ", ".join(said) + ".",
            "`./dev bench peers --work w2` (as root) repeats it on your machine; "
            "[docs/performance.md](docs/performance.md#against-other-brokers) has the rest."]
