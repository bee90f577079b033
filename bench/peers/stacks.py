"""Call stacks as flame graphs: perf's text to folded stacks, folded stacks to SVG.

A folded file has one stack a line, outermost first, and how many samples ended there:
`main;run;read 42`. Names of the kernel end in `_[k]`.
"""
import re
from collections import Counter
from xml.sax.saxutils import escape

from svg import page, text
from workloads import WORKLOADS

WIDTH, MARGIN, TOP, ROW = 1000, 12, 66, 17
LEAST = 0.004  # of all samples: what is narrower is not drawn and not kept
LETTER = 6.1   # pixels
STYLE = """<style>
.f text { font: 10.5px ui-monospace, monospace; fill: #1f2328; pointer-events: none; }
.kernel { fill: #ffb77c; } .node { fill: #80ccff; } .tls { fill: #d8b9ff; } .libc { fill: #aceebb; }
.f rect { stroke: #ffffff; stroke-width: 0.6; }
@media (prefers-color-scheme: dark) {
  .f text { fill: #f0f6fc; } .f rect { stroke: #0d1117; }
  .kernel { fill: #8a4600; } .node { fill: #0c4a8f; } .tls { fill: #553098; } .libc { fill: #116329; }
}
</style>"""
KINDS = {"node": "node and its libraries", "libc": "C library", "tls": "OpenSSL", "kernel": "kernel"}
LIBC = re.compile(r"_?_?(mem(cpy|move|set|cmp|chr)|malloc|free|cfree|_int_|epoll_wait|send|recv|read|write|"
                  r"libc|start|clock_|clone)")


def plain(name):
    """A C++ name without parameters and template arguments."""
    if name.startswith("operator "):
        return name.split("(")[0]
    name = name.replace("(anonymous namespace)::", "").replace("operator()", "call")
    out, depth = [], 0
    for at, letter in enumerate(name):
        if letter == "<" and not name[:at].endswith("operator"):
            depth += 1
        elif letter == ">" and depth > 0 and name[at - 1] != "-":
            depth -= 1
        elif letter == "(" and depth == 0:
            break
        elif depth == 0:
            out.append(letter)
    return "".join(out).split(" ")[-1].strip() or name[:40]


def fold(script):
    """Stacks of `perf script -F comm,ip,sym,dso`: {("outer", "inner"): samples}."""
    stacks, stack = Counter(), []
    for line in [*script.splitlines(), ""]:
        frame = re.match(r"\s+[0-9a-f]+ (.+) \((.*)\)$", line)
        if frame:
            kernel = frame.group(2).startswith(("[kernel", "[k", "[guest"))
            name = plain(frame.group(1)).replace(";", ":")
            stack.append(name + ("_[k]" if kernel else ""))
        elif not line.strip() and stack:
            stacks[tuple(reversed(stack))] += 1
            stack = []
    return stacks


def read(path):
    stacks = Counter()
    with open(path, encoding="utf-8") as file:
        for line in file:
            names, count = line.rsplit(" ", 1)
            stacks[tuple(names.split(";"))] += int(count)
    return stacks


def pruned(stacks):
    """Branches too narrow to see end in what called them."""
    total, whole = sum(stacks.values()), Counter()
    for stack, count in stacks.items():
        for depth in range(1, len(stack) + 1):
            whole[stack[:depth]] += count
    out = Counter()
    for stack, count in stacks.items():
        while len(stack) > 1 and whole[stack] < LEAST * total:
            stack = stack[:-1]
        out[stack] += count
    return out


def write(stacks, path):
    with open(path, "w", encoding="utf-8") as out:
        for stack, count in sorted(stacks.items()):
            out.write(f"{';'.join(stack)} {count}\n")


def kind(name):
    if name.endswith("_[k]"):
        return "kernel"
    if re.match(r"(SSL|EVP|ERR|CRYPTO|BIO|tls|ssl|aes|gcm|ossl|OPENSSL|record)_|aesni|vaes|ghash", name):
        return "tls"
    return "libc" if LIBC.match(name) else "node"


def top(stacks, most=25):
    """[(share of all samples, name)] of the functions themselves, without what they call."""
    own, total = Counter(), sum(stacks.values())
    for stack, count in stacks.items():
        own[stack[-1]] += count
    return [(count / total, name) for name, count in own.most_common(most)]


def shares(stacks):
    """Of all samples, by who owns the innermost function."""
    total, out = sum(stacks.values()), Counter()
    for stack, count in stacks.items():
        out[kind(stack[-1])] += count / total
    return out


def boxes(stacks):
    """(depth, begin, width, name) of all visible calls; begin and width are shares."""
    total = sum(stacks.values())

    def level(items, depth, begin):
        groups = {}
        for stack, count in items:
            if len(stack) > depth:
                groups.setdefault(stack[depth], []).append((stack, count))
        for name, inner in sorted(groups.items()):
            width = sum(count for _, count in inner) / total
            if width >= LEAST:
                yield depth, begin, width, name
                yield from level(inner, depth + 1, begin)
            begin += width

    yield from level(sorted(stacks.items()), 0, 0.0)


def flame(stacks, title):
    """The picture: outermost calls at the bottom, width = share of the samples."""
    found = list(boxes(stacks))
    deepest = max(depth for depth, *_ in found)
    span = WIDTH - 2 * MARGIN
    parts = [STYLE, text(MARGIN, 26, title, "title"),
             text(MARGIN, 44, "width: share of CPU time; above a call, what it called", "soft")]
    x = MARGIN
    for name, words in KINDS.items():
        parts += [f'<rect x="{x}" y="52" width="10" height="10" class="{name}"/>', text(x + 15, 61, words, "soft")]
        x += 30 + 7 * len(words)
    parts.append('<g class="f">')
    for depth, begin, width, name in found:
        left, wide = MARGIN + begin * span, width * span
        y = TOP + 8 + (deepest - depth) * ROW
        shown = name.removesuffix("_[k]").removeprefix("ron::")
        fits = int((wide - 4) / LETTER)
        label = shown if len(shown) <= fits else shown[:max(0, fits - 1)] + "…"
        parts.append(f'<g><title>{escape(shown)} {width:.1%}</title><rect x="{left:.1f}" y="{y}" '
                     f'width="{wide:.1f}" height="{ROW - 1}" class="{kind(name)}"/>'
                     + (f'<text x="{left + 3:.1f}" y="{y + 12}">{escape(label)}</text>' if fits > 3 else "")
                     + "</g>")
    parts.append("</g>")
    return page(WIDTH, TOP + 8 + (deepest + 1) * ROW + 8, title, summary(stacks), parts)


def summary(stacks):
    """Who the time belongs to, and the functions that take most of it themselves."""
    said = "; ".join(f"{KINDS[name]} {share:.0%}" for name, share in shares(stacks).most_common()
                     if share >= LEAST)
    most = ", ".join(f"{name.removesuffix('_[k]')} {share:.1%}" for share, name in top(stacks, 6))
    return f"Share of CPU time: {said}. Most in: {most}."


def title(work):
    return f"Where the node's time goes in {work}: {WORKLOADS[work].text}"


def kept(folder):
    """{workload: stacks} of those kept there."""
    return {path.stem.removeprefix("flame-"): read(path) for path in sorted(folder.glob("flame-*.folded"))}
