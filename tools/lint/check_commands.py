"""Every command that a document names exists, with the options it is given there.

`ronctl` is judged by the golden files of its help (docs/api-history/cli, held to the program by a
test), `svc-overlay` by the flags of the key table and of its command line. Commands are looked for
in code spans and blocks of Markdown, and in the files of deploy/: code spans of comments, lines
that begin with the program.
"""
import re
import shlex

import tree
from tree import Finding

HELP = "docs/api-history/cli/"
FLAG_SOURCES = ("src/config/keys.cpp", "src/svc/overlay/command_line.cpp")
HISTORY = ("CHANGELOG.md", "docs/api-history/", "docs/decisions/")
START = re.compile(r"(?<![\w./-])(?:[\w./-]*/)?(ronctl|svc-overlay)(?=\s)")
BEFORE = re.compile(r"(?:^|[|;&(])\s*(?:\w+=\S*\s+)*$")    # where a shell expects a command
END = re.compile(r"\s#|[|;&<>`()]|\$\(")
OPTION = re.compile(r"^  (-[^\s]+)(?: (?! )(\S+))?", re.M)


def ronctl_help():
    """{"ronctl debug bundle": {"--output": takes a value, ...}}"""
    commands = {}
    for path in (f for f in tree.files() if f.startswith(HELP)):
        text = tree.text(path)
        usage = re.search(r"^Usage: (ronctl(?: [a-z-]+)*)", text, re.M)
        options = {}
        for names, value in OPTION.findall(text):
            for name in names.split(","):
                options[name] = bool(value)
        commands[usage.group(1)] = options
    return commands


def judge_ronctl(words, commands):
    path, words = "ronctl", list(words)
    while words:
        word = words.pop(0)
        if word == "--":
            return
        if word.startswith("-") and word != "-":
            name, given, _ = word.partition("=")
            options = {**commands["ronctl"], **commands[path]}
            if name not in options:
                yield f"'{path}' has no option {name}"
            elif options[name] and not given and words:
                words.pop(0)
        elif any(c.startswith(path + " ") for c in commands):
            if word != word.lower() or word == "...":
                return   # COMMAND: any
            path += " " + word
            if path not in commands:
                yield f"there is no command '{path}'"
                return


def judge_daemon(words, flags):
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in flags:
            yield f"'svc-overlay' has no option {word}"


def unwrapped(text):
    """Comments of several lines as one, so that a code span may be broken."""
    return re.sub(r"\n[ \t]*# ?(?=\S)", " ", text)


def snippets(path):
    """(line, text) of what is to be read as commands."""
    text = tree.text(path)
    if not path.endswith(".md"):
        for number, line in enumerate(text.splitlines(), 1):
            yield number, re.sub(r"^(# ?)?(Try: |ExecStart=)", "", line.strip())
        text = unwrapped(text)
    else:
        for block in re.finditer(r"^```\w*\n(.*?)^```", text, re.M | re.S):
            first = text.count("\n", 0, block.start(1)) + 1
            joined = block.group(1).replace("\\\n", "  ")
            for offset, line in enumerate(joined.splitlines()):
                yield first + offset, line
        text = re.sub(r"^```.*?^```", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M | re.S)
    for span in re.finditer(r"`([^`]+)`", text):
        yield text.count("\n", 0, span.start()) + 1, " ".join(span.group(1).split())


def commands_of(path):
    """(line, program, words)"""
    for number, text in snippets(path):
        text = text.replace("\\|", "|")     # in a table
        for start in START.finditer(text):
            if not BEFORE.search(text[:start.start()]):
                continue
            rest = text[start.end():]
            end = END.search(rest)
            rest = rest[:end.start()] if end else rest
            try:
                yield number, start.group(1), shlex.split(rest)
            except ValueError:
                yield number, start.group(1), rest.split()


def documents():
    for path in tree.files():
        if path.startswith(HISTORY):
            continue
        if path.endswith(".md") or (path.startswith("deploy/") and not path.endswith(".json")):
            yield path


def check():
    commands = ronctl_help()
    flags = {flag for path in FLAG_SOURCES for flag in re.findall(r'"(--[a-z-]+)', tree.text(path))}
    for path in documents():
        for line, program, words in commands_of(path):
            judged = judge_ronctl(words, commands) if program == "ronctl" else judge_daemon(words, flags)
            for problem in judged:
                yield Finding(path, line, problem)
