"""Topics, patterns, and which pattern matches which topic (OAP-1 section 4.1)."""

TOPICS_OK = [
    "t", "a/b", "a/b/c/d/e/f/g/h", "A", "a b", " ", "a*", "*a", "***", "a/***/b", "a**", "-", ".", "..",
    "#", "+", "$sys/x", "\u00e9", "\u4e16/\u754c", "\U0001f600", "\ufeff", "\u00a0", "~", "!", "\\",
    "t" * 255, "\u00e9" * 127 + "t", "/".join("t" * 128), "\u2028",
]
TOPICS_BAD = {
    "empty": b"", "of_256_bytes": b"t" * 256, "of_128_chars_256_bytes": "\u00e9".encode() * 128,
    "slash": b"/", "leading_slash": b"/a", "trailing_slash": b"a/", "double_slash": b"a//b",
    "star": b"*", "double_star": b"**", "star_segment": b"a/*/b", "star_last": b"a/*",
    "double_star_last": b"a/**", "nul": b"a\0", "newline": b"a\nb", "tab": b"\t", "unit_sep": b"\x1f",
    "delete": b"\x7f", "c1_first": "\u0080".encode(), "c1_nel": "a\u0085b".encode(),
    "c1_last": "\u009f".encode(), "not_utf8": b"a\xff", "surrogate": b"\xed\xa0\x80",
    "overlong_slash": b"a\xc0\xafb", "cut": b"a\xc3",
}
PATTERNS_OK = [
    "t", "a/b", "*", "**", "*/*", "*/**", "a/*", "a/**", "a/*/c", "a/*/**", "*/b", "a*", "***", "**a",
    "a/***", "a**/b", "a/*b/c", "p" * 255, "/".join("*" * 128), "\u00e9/*", "/".join("*" * 126) + "/**",
]
PATTERNS_BAD = {
    "empty": b"", "of_256_bytes": b"p" * 256, "slash": b"/", "leading_slash": b"/a",
    "trailing_slash": b"a/", "trailing_slash_after_star": b"*/", "double_slash": b"a//*",
    "double_star_first": b"**/a", "double_star_inside": b"a/**/b", "double_star_twice": b"**/**",
    "double_star_then_star": b"**/*", "control": b"a/*\n", "nul": b"\0", "c1": "\u0090/*".encode(),
    "delete": b"*/\x7f", "not_utf8": b"*/\xff",
}
MATCHES = {  # pattern: (topics it matches, topics it does not)
    "a": (["a"], ["A", "b", "a/b", "aa", "a ", "\u00e1"]),
    "a/b": (["a/b"], ["a", "a/b/c", "a/B", "b/a", "x/a/b"]),
    "*": (["a", "***", "a*", "\u4e16"], ["a/b", "a/b/c"]),
    "**": (["a", "a/b", "a/b/c/d", "***"], []),
    "*/*": (["a/b", "x/y"], ["a", "a/b/c"]),
    "*/**": (["a/b", "a/b/c"], ["a"]),
    "a/*": (["a/b", "a/a*", "a/***"], ["a", "a/b/c", "b/b", "ab/c"]),
    "a/**": (["a/b", "a/b/c", "a/b/c/d/e"], ["a", "b/a", "aa/b", "A/b"]),
    "a/*/c": (["a/b/c", "a/c/c"], ["a/c", "a/b/b/c", "a/b/c/d", "a/b/d"]),
    "a/*/**": (["a/b/c", "a/b/c/d"], ["a/b", "a"]),
    "*/b": (["a/b", "b/b"], ["b", "a/b/b", "a/c"]),
    "*/b/*": (["a/b/c"], ["a/b", "a/c/c", "b/a/b/c"]),
    "a*": (["a*"], ["a", "ab", "a/b", "a**"]),
    "***": (["***"], ["a", "a/b", "****"]),
    "a/***": (["a/***"], ["a/b", "a/b/c"]),
    "**a": (["**a"], ["a", "xa", "b/a"]),
    "\u00e9/*": (["\u00e9/x"], ["e\u0301/x", "\u00c9/x"]),
    "*/*/*": (["a/b/c"], ["a/b", "a/b/c/d"]),
    "*/*/**": (["a/b/c", "a/b/c/d"], ["a/b"]),
    "a/b/c/d/*/f": (["a/b/c/d/e/f"], ["a/b/c/d/f", "a/b/c/d/e/g"]),
}


def rows(prefix, good, bad, ids):
    out = [{"name": "%s_ok_%d" % (prefix, n), "ids": ids, "hex": t.encode().hex(), "valid": True}
           for n, t in enumerate(good)]
    return out + [{"name": "%s_bad_%s" % (prefix, n), "ids": ids, "hex": raw.hex(), "valid": False}
                  for n, raw in bad.items()]


def document():
    matches = []
    for pattern, (yes, no) in MATCHES.items():
        for topic, match in [(t, True) for t in yes] + [(t, False) for t in no]:
            matches.append({"pattern": pattern, "topic": topic, "match": match})
    return {
        "about": "Topics, patterns, and which pattern matches which topic (OAP-1 section 4.1).",
        "topics": rows("topic", TOPICS_OK, TOPICS_BAD, ["OAP-4.1", "OAP-4.2", "OAP-4.3", "OAP-4.6"]),
        "patterns": rows("pattern", PATTERNS_OK, PATTERNS_BAD, ["OAP-4.4", "OAP-4.5", "OAP-4.6"]),
        "match_ids": ["OAP-4.4", "OAP-4.5", "OAP-4.6", "OAP-4.8"],
        "matches": matches,
    }
