#!/usr/bin/env python3
"""Writes an apt source list for the source packages of the next Debian release.

The repository names no package host: whatever archive, mirror and key this machine is configured
with for its own release is used, with the suite swapped. Entries of other vendors are left out.
Usage: next_sources.py OUTPUT   (prints the name of the next release)
"""
import pathlib
import re
import sys

RELEASES = ["bullseye", "bookworm", "trixie", "forky", "duke"]
APT = pathlib.Path("/etc/apt")


def codename() -> str:
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r'^VERSION_CODENAME="?(\w+)', text, re.M)
    return found.group(1) if found else ""


def deb822(text: str):
    """Yields (uris, suites, signed_by) of each enabled stanza of a .sources file."""
    for stanza in re.split(r"\n\s*\n", text):
        fields, last = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in " \t" and last:
                fields[last] += "\n" + line
            elif ":" in line:
                last, value = line.split(":", 1)
                last = last.strip().lower()
                fields[last] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if fields.get("uris") and fields.get("suites"):
            yield fields["uris"].split(), fields["suites"].split(), fields.get("signed-by", "")


def one_line(text: str):
    """Yields the same for each line of a .list file."""
    for line in text.splitlines():
        found = re.match(r"\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s", line + " ")
        if found:
            key = re.search(r"signed-by=(\S+)", found.group(1) or "")
            yield [found.group(2)], [found.group(3)], key.group(1) if key else ""


def entries():
    for path in [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]:
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".sources":
                yield from deb822(text)
            elif path.suffix == ".list":
                yield from one_line(text)


def main() -> int:
    here = codename()
    if here not in RELEASES[:-1]:
        print(f"no next release is known for '{here or 'this system'}'", file=sys.stderr)
        return 1
    after = RELEASES[RELEASES.index(here) + 1]
    aliases = {here: after, f"{here}-security": f"{after}-security",
               f"{here}-updates": f"{after}-updates", "stable": after,
               f"{here}/updates": f"{after}-security"}
    seen, out = set(), []
    for uris, suites, key in entries():
        for uri in uris:
            for suite in suites:
                swapped = aliases.get(suite.rstrip("/"))
                if not swapped or (uri, swapped) in seen:
                    continue
                seen.add((uri, swapped))
                stanza = f"Types: deb-src\nURIs: {uri}\nSuites: {swapped}\nComponents: main\n"
                out.append(stanza + (f"Signed-By: {key}\n" if key else ""))
    if not out:
        print(f"apt has no entry for {here} to derive {after} from", file=sys.stderr)
        return 1
    pathlib.Path(sys.argv[1]).write_text("\n".join(out), encoding="utf-8")
    print(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
