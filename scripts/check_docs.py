#!/usr/bin/env python3
"""Every repository path that a Markdown file links to or names in backticks exists."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
NAMED = re.compile(r"`((?:src|tests|scripts|config|docs|cmake|examples)/(?!\S*\bmy_)[A-Za-z0-9_./{},-]+)`")


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
            for named in NAMED.findall(line):
                for path in expand(named.rstrip(".")):
                    if not (ROOT / path).exists():
                        problems.append(f"{file.relative_to(ROOT)}:{number}: no {path}")
    print("\n".join(problems) if problems else f"docs: {len(files)} files hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
