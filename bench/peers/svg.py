"""What all plots share: colours for light and dark pages, text, marks, logarithmic scales."""
import math
from xml.sax.saxutils import escape

NAMES = {"ours": "svc-overlay", "ours-poll": "svc-overlay, busy_poll", "frame": "bare relay",
         "nats": "nats-server", "redis": "redis", "mqtt": "mosquitto", "zmq": "ZeroMQ proxy",
         "openssl": "bare OpenSSL"}
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; } .head { font-weight: 600; }
.soft { fill: #59636e; } .grid { stroke: #d1d9e0; stroke-width: 1; }
.line { fill: none; stroke-width: 2; }
.ours { fill: #0969da; stroke: #0969da; } .frame { fill: #6e7781; stroke: #6e7781; }
.nats { fill: #1a7f37; stroke: #1a7f37; } .redis { fill: #cf222e; stroke: #cf222e; }
.mqtt { fill: #8250df; stroke: #8250df; } .zmq { fill: #bc6c00; stroke: #bc6c00; }
.openssl { fill: #1b7c83; stroke: #1b7c83; } .ours-poll { fill: #54aeff; stroke: #54aeff; }
.line.ours { stroke-width: 3; }
text, .line { stroke-linejoin: round; } text.value { stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .soft { fill: #9198a1; } .grid { stroke: #3d444d; }
  .ours { fill: #4493f8; stroke: #4493f8; } .frame { fill: #9198a1; stroke: #9198a1; }
  .nats { fill: #3fb950; stroke: #3fb950; } .redis { fill: #f85149; stroke: #f85149; }
  .mqtt { fill: #ab7df8; stroke: #ab7df8; } .zmq { fill: #d29922; stroke: #d29922; }
  .openssl { fill: #39c5cf; stroke: #39c5cf; }
}
.line { fill: none; }
"""


def text(x, y, words, kind="", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{escape(words)}</text>")


def line(x1, y1, x2, y2, kind="grid"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def bar(x, y, width, height, kind):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(1.0, width):.1f}" height="{height:.1f}" '
            f'rx="2" class="{kind}"/>')


def mark(x, y, server, size=4.0):
    """A shape of its own for each server: colour alone does not tell everyone."""
    if server in ("ours", "openssl"):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size + 0.5:.1f}" class="{server}"/>'
    shapes = {"nats": ((-1, -1), (1, -1), (1, 1), (-1, 1)), "redis": ((0, -1.2), (1.1, 1), (-1.1, 1)),
              "mqtt": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)), "zmq": ((0, 1.2), (1.1, -1), (-1.1, -1)),
              "frame": ((-1.2, -0.6), (1.2, -0.6), (1.2, 0.6), (-1.2, 0.6)),
              "ours-poll": ((-0.6, -1.2), (0.6, -1.2), (0.6, 1.2), (-0.6, 1.2))}
    points = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in shapes[server])
    return f'<polygon points="{points}" class="{server}"/>'


def short(value):
    for step, unit in ((1e6, "M"), (1e3, "k")):
        if value >= step:
            return f"{value / step:.3g}{unit}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


class LogScale:
    """Values to 0..1, from the tick below the least to the tick above the greatest."""

    def __init__(self, numbers):
        least, most = min(numbers), max(numbers)
        steps = [base * 10.0 ** power for power in range(-4, 10) for base in (1, 2, 5)]
        low = max(step for step in steps if step <= least * 1.001)
        high = min(step for step in steps if step >= most * 0.999)
        self.low, self.high = math.log10(low), math.log10(high if high > low else low * 2)
        shown = [step for step in steps if low <= step <= high]
        self.ticks = shown if len(shown) <= 10 else [
            step for step in shown if abs(math.log10(step) - round(math.log10(step))) < 1e-9]

    def at(self, value):
        return (math.log10(value) - self.low) / (self.high - self.low)


def page(width, height, title, description, parts):
    """A whole picture; screen readers get its title and its numbers in words."""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="title desc">\n'
            f'<title id="title">{escape(title)}</title>\n<desc id="desc">{escape(description)}</desc>\n'
            f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n")
