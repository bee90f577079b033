"""The plots: lines by payload size, latency ranges, memory bars. Data in, SVG text out."""
import svg
from svg import LogScale, NAMES, bar, line, mark, page, short, text

WIDTH, MARGIN, TOP = 760, 16, 84
LEFT = 52  # of a panel, for its scale


def legend(servers, y=66):
    parts, x = [], MARGIN + 6
    for name in servers:
        parts += [mark(x, y - 4, name), text(x + 10, y, NAMES[name])]
        x += 34 + 6.6 * len(NAMES[name])
    return parts


def head(title, subtitle, servers):
    return [text(MARGIN, 26, title, "title"), text(MARGIN, 45, subtitle, "soft"), *legend(servers)]


def in_order(panels):
    """Servers of all panels in the order of the legend."""
    names = {name for _, data in panels for name in data}
    return [name for name in NAMES if name in names]


class Lines:
    """One panel: {server: {size name: value}} on a logarithmic scale; our numbers stand beside."""

    def __init__(self, title, data, columns, scale, x, y, width, height, above):
        self.title, self.data, self.columns, self.scale = title, data, columns, scale
        self.x, self.y, self.width, self.height, self.above = x, y, width, height, above

    def point(self, column, value):
        step = (self.width - LEFT - 24) / max(1, len(self.columns) - 1)
        return (self.x + LEFT + 12 + step * self.columns.index(column),
                self.y + 20 + self.height * (1 - self.scale.at(value)))

    def draw(self):
        parts = [text(self.x + LEFT, self.y + 6, self.title, "head")]
        for tick in self.scale.ticks:
            y = self.y + 20 + self.height * (1 - self.scale.at(tick))
            parts += [line(self.x + LEFT, y, self.x + self.width, y),
                      text(self.x + LEFT - 6, y + 4, short(tick), "soft", "end")]
        for column in self.columns:
            x, _ = self.point(column, self.scale.ticks[0])
            parts.append(text(x, self.y + self.height + 38, column, "soft", "middle"))
        for name in reversed([name for name in NAMES if name in self.data]):
            points = [self.point(column, self.data[name][column])
                      for column in self.columns if column in self.data[name]]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" class="line {name}"/>')
            parts += [mark(x, y, name) for x, y in points]
        for column, value in self.data.get("ours", {}).items():
            x, y = self.point(column, value)
            if self.above:  # of everything there
                y = min(self.point(column, server[column])[1] for server in self.data.values()
                        if column in server) - 27
            parts.append(text(x, y + 18, short(value), "value", "middle"))
        return parts


def words(panels, unit):
    """The numbers of a plot, for its description."""
    out = []
    for title, data in panels:
        rows = [f"{NAMES[name]} " + ", ".join(f"{short(value)} at {column}"
                                              for column, value in data[name].items())
                for name in NAMES if name in data]
        out.append(f"{title}, {unit}: " + "; ".join(rows) + ".")
    return " ".join(out)


def lines(title, subtitle, unit, panels, across=2, height=190, above=False):
    """Panels [(title, {server: {size name: value}})], `across` in a row, all on one scale."""
    every = [value for _, data in panels for server in data.values() for value in server.values()]
    scale, width = LogScale(every), (WIDTH - 2 * MARGIN) / across
    parts = head(title, subtitle, in_order(panels))
    for index, (name, data) in enumerate(panels):
        columns = list(dict.fromkeys(column for server in data.values() for column in server))
        columns.sort(key=lambda column: (("B", "KiB", "MB").index(column.split()[1]),
                                         int(column.split()[0])))
        x = MARGIN + width * (index % across)
        y = TOP + (height + 58) * (index // across)
        parts += Lines(name, data, columns, scale, x, y + 12, width - 12, height, above).draw()
    rows = -(-len(panels) // across)
    return page(WIDTH, TOP + rows * (height + 58) + 4, title, words(panels, unit), parts)


def ranges(title, subtitle, panels):
    """Panels [(title, {server: {"p50": us, "p90": us, "p99": us}})] below each other."""
    every = [value for _, data in panels for server in data.values() for value in server.values()]
    scale, left, span = LogScale(every), 130, WIDTH - 130 - 3 * MARGIN
    parts, y = head(title, subtitle, in_order(panels)), TOP
    for name, data in panels:
        parts.append(text(MARGIN, y + 14, name, "head"))
        y += 24
        rows = [server for server in NAMES if server in data]
        bottom = y + 24 * len(rows)
        for tick in scale.ticks:
            x = left + span * scale.at(tick)
            parts += [line(x, y, x, bottom), text(x, bottom + 14, f"{tick:g} us", "soft", "middle")]
        for server in rows:
            at = {key: left + span * scale.at(value) for key, value in data[server].items()}
            parts += [text(left - 10, y + 16, NAMES[server], "", "end"),
                      f'<polyline points="{at["p50"]:.1f},{y + 12} {at["p99"]:.1f},{y + 12}" '
                      f'class="line {server}"/>',
                      mark(at["p50"], y + 12, server, 5), mark(at["p90"], y + 12, server, 3),
                      mark(at["p99"], y + 12, server, 3)]
            y += 24
        y = bottom + 30
    return page(WIDTH, y, title, words(panels, "us"), parts)


def bars(title, subtitle, unit, panels):
    """Panels [(title, {server: value})] below each other, each on its own linear scale."""
    parts = [text(MARGIN, 26, title, "title"), text(MARGIN, 45, subtitle, "soft")]
    left, span, y = 130, WIDTH - 130 - 100, 62
    for name, data in panels:
        parts.append(text(MARGIN, y + 14, name, "head"))
        y += 24
        most = max(data.values())
        for server in (server for server in NAMES if server in data):
            length = span * data[server] / most
            parts += [text(left - 10, y + 13, NAMES[server], "", "end"),
                      bar(left, y + 2, length, 14, server),
                      text(left + length + 8, y + 13, f"{short(data[server])} {unit}", "soft")]
            y += 21
        y += 16
    said = [(name, {server: {unit: value} for server, value in data.items()}) for name, data in panels]
    return svg.page(WIDTH, y, title, words(said, "memory"), parts)
