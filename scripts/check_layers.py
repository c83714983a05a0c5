#!/usr/bin/env python3
"""Holds src/ to layers.txt: allowed includes, a README and a build file in each folder, own-namespace
names, and file sizes. Prints every breach as file:line and exits 1 where there is one."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
LEFT_ALLOWED = {0, 1, 2, 7}
MAX_LINES = 600
BANNED_TYPE = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Util|Utils))\b(?!\s*;)")
ALLOWED_TYPES = {"SessionManager"}
BANNED_TEXT = [
    (re.compile(r"#include\s*<regex>|\bstd::regex\b"), "std::regex is not used here; take text/regex.hpp"),
    (re.compile(r"boost::json::(parse|serialize)\b"), "parse and print JSON with json/parse.hpp and json/print.hpp"),
]


def layers():
    table = {}
    for line in (ROOT / "layers.txt").read_text().splitlines():
        match = re.match(r"L(\d)\s+(.*)", line)
        if match:
            for column, folder in enumerate(match.group(2).split()):
                table[folder] = (int(match.group(1)), column)
    return table


def may_include(table, folder, other):
    if folder == other:
        return True
    layer, column = table[folder]
    other_layer, other_column = table[other]
    if other_layer < layer:
        return True
    return other_layer == layer and layer in LEFT_ALLOWED and other_column < column


def check_file(path, folder, table, problems):
    relative = path.relative_to(ROOT)
    lines = path.read_text().splitlines()
    is_test = path.name.endswith("_test.cpp") or "testing" in path.parts
    if not is_test and len(lines) > MAX_LINES:
        problems.append(f"{relative}:1: {len(lines)} lines; split it (limit {MAX_LINES})")
    if path.suffix == ".hpp" and "#pragma once" not in lines[:30]:
        problems.append(f"{relative}:1: no #pragma once")
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#include\s+"([^"/]+)/', line)
        if include and include.group(1) in table and not may_include(table, folder, include.group(1)):
            problems.append(f"{relative}:{number}: {folder} may not include {include.group(1)} (layers.txt)")
        elif include and include.group(1) not in table:
            problems.append(f"{relative}:{number}: {include.group(1)} is no folder of layers.txt")
        for pattern, advice in BANNED_TEXT:
            if pattern.search(line):
                problems.append(f"{relative}:{number}: {advice}")
        type_name = BANNED_TYPE.search(line)
        if type_name and type_name.group(1) not in ALLOWED_TYPES:
            problems.append(f"{relative}:{number}: name {type_name.group(1)} says nothing; name what it is")


def main():
    table = layers()
    problems = []
    for directory in sorted(p for p in SRC.iterdir() if p.is_dir()):
        folder = directory.name
        if folder not in table:
            problems.append(f"src/{folder}: not in layers.txt")
            continue
        sources = [p for p in directory.rglob("*") if p.suffix in (".cpp", ".hpp")]
        if not sources:
            continue
        for needed in ("README.md", "CMakeLists.txt"):
            if not (directory / needed).exists():
                problems.append(f"src/{folder}: no {needed}")
        for path in sorted(sources):
            check_file(path, folder, table, problems)
    print("\n".join(problems) if problems else f"layers: {len(table)} folders hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
