#!/usr/bin/env python3
"""Turns text from a terminal into an SVG picture for the README.

Usage: ./dev demo 2>&1 | tail -n 24 | tools/dev/terminal_svg.py './dev demo' > docs/demo.svg
"""
import html
import sys

LINE, CHAR, PAD, TOP = 17, 7.8, 16, 40


def main() -> int:
    title = sys.argv[1] if len(sys.argv) > 1 else ""
    lines = [line.rstrip("\n").expandtabs() for line in sys.stdin]
    lines = [line[:118] for line in lines]
    width = int(max(map(len, lines), default=40) * CHAR + 2 * PAD)
    height = TOP + len(lines) * LINE + PAD
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
          f'viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(title)}">')
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#14181d"/>')
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        print(f'<circle cx="{PAD + 4 + i * 18}" cy="18" r="6" fill="{colour}"/>')
    print('<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" '
          'fill="#d5dbe3" xml:space="preserve">')
    print(f'<text x="{PAD + 70}" y="22" fill="#8b95a1">{html.escape(title)}</text>')
    for i, line in enumerate(lines):
        good = line.startswith("PROVEN")
        colour = ' fill="#6fd08c" font-weight="bold"' if good else ""
        print(f'<text x="{PAD}" y="{TOP + (i + 1) * LINE - 4}"{colour}>{html.escape(line)}</text>')
    print("</g></svg>")
    return 0


if __name__ == "__main__":
    sys.exit(main())
