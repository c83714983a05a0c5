#!/usr/bin/env python3
"""Every repository path that a Markdown file links to or names in backticks exists, and so does every test
that it names as `path::name`."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
NAMED = re.compile(r"`((?:src|tests|scripts|config|docs|cmake|examples)/(?!\S*\bmy_)[A-Za-z0-9_./{},-]+)`")

TEST = re.compile(r"`((?:src|tests)/[A-Za-z0-9_./-]+)::([A-Za-z0-9_]+)`")


def missing_tests(line):
    for path, name in TEST.findall(line):
        file = ROOT / path
        if not file.is_file() or not re.search(rf"\b{name}\b", file.read_text()):
            yield f"{path}::{name}"


def expand(path):
    match = re.match(r"(.*)\{([^}]*)\}(.*)", path)
    return [match.group(1) + part + match.group(3) for part in match.group(2).split(",")] if match else [path]


def main():
    problems = []
    files = [p for p in ROOT.rglob("*.md") if "build" not in p.relative_to(ROOT).parts and "node_modules" not in p.parts]
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            for target in LINK.findall(line):
                if not (file.parent / target).exists() and not (ROOT / target).exists():
                    problems.append(f"{file.relative_to(ROOT)}:{number}: no {target}")
            problems += [f"{file.relative_to(ROOT)}:{number}: no {test}" for test in missing_tests(line)]
            for named in NAMED.findall(line):
                for path in expand(named.rstrip(".")):
                    if not (ROOT / path).exists():
                        problems.append(f"{file.relative_to(ROOT)}:{number}: no {path}")
    print("\n".join(problems) if problems else f"docs: {len(files)} files hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
