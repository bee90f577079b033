"""Just enough of PromQL to see which metrics, labels and label values an expression names."""
import re

# What Prometheus itself adds to every target.
TARGET_LABELS = {"job": None, "instance": None}
OWN_METRICS = ("up",)
KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right",
            "inf", "nan"}
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
BARE = re.compile(r"(?<![\w:$])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])")


def inventory(document):
    """name -> {label: allowed values, or None for any}, from the table of docs/observability.md."""
    found = {}
    for row in re.findall(r"^\| `(\w+)` \| (?:counter|gauge|histogram) \|.*$", document, re.M):
        line = re.search(rf"^\| `{row}` \| (\w+) \| (.*?) ?\| ", document, re.M)
        labels = dict(TARGET_LABELS)
        for text in re.findall(r"`([^`]+)`", line.group(2)):
            label, _, values = text.partition("=")
            labels[label] = values.split("\\|") if values else None
        if line.group(1) == "histogram":
            found[f"{row}_bucket"] = {**labels, "le": None}
            found[f"{row}_sum"] = found[f"{row}_count"] = labels
        else:
            found[row] = labels
    return found


def values_missed(operator, text, allowed):
    """The values or alternatives of a matcher that no series can have."""
    if allowed is None:
        return []
    if operator in ("=", "!="):
        return [] if text in allowed else [text]
    return [part for part in text.split("|") if not any(re.fullmatch(part, value) for value in allowed)]


def problems(expression, metrics, recorded):
    """What an expression names that does not exist."""
    known = {**metrics, **dict.fromkeys(OWN_METRICS, TARGET_LABELS), **dict.fromkeys(recorded, TARGET_LABELS)}
    every_label = {label for labels in known.values() for label in labels}
    for name, matchers in SELECTOR.findall(expression):
        for label, operator, text in MATCHER.findall(matchers):
            if name in known and label not in known[name]:
                yield f"{name} has no label {label}"
            elif name in known:
                for value in values_missed(operator, text, known[name][label]):
                    yield f"{name}: {label} is never {value}"
    for group in GROUPING.findall(expression):
        for label in filter(None, re.split(r"[\s,]+", group)):
            if label not in every_label:
                yield f"no metric has a label {label}"
    rest = GROUPING.sub(" ", re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", expression))
    for name in BARE.findall(rest):
        if name not in KEYWORDS and name not in known:
            yield f"no such metric: {name}"
