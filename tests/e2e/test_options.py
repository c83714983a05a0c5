"""Every option of every command with values that cannot be right: exit code 2 and a sentence that names the option
and what is wrong with it, before anything is done. The commands are found by their help."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, unittest  # noqa: E402

# What a command needs beside the option, where "x" is not right.
NEEDED = {"shell": "bash", "host": "claude-code", "command": "true", "verdict": "completed"}

NOT_UTF8 = b"\xff\xfe"
CONTROLS = "\x1b[31mred"
HUGE = "9" * 30

# What is no number of any kind; below, what is none of one kind.
NO_NUMBERS = ["banana", "12abc", "nan", "inf", "1e999", "0x10", " 7", "--", "٣"]
NO_WHOLE_NUMBERS = [*NO_NUMBERS, "-1", "-9223372036854775808", "1.5", HUGE]
NO_SIZES = ["banana", "nan", "-5MB", "-1", "7 apples", HUGE + "TB", "0"]
NO_TIMES = ["banana", "2026-13-45", "-1", HUGE, "7x"]


class Option:
    def __init__(self, names, kind):
        self.name = next((name for name in names if name.startswith("--")), names[0])
        self.kind = kind
        self.many = "..." in kind

    def is_flag(self):
        return not self.kind

    def is_whole(self):
        return re.match(r"U?INT\b", self.kind) is not None or "INT in [" in self.kind

    def wrong(self):
        if self.is_whole():
            return NO_WHOLE_NUMBERS
        if re.match(r"(FLOAT|SECONDS|NUMBER)\b", self.kind):
            return [*NO_NUMBERS, "-1"]
        if re.match(r"SIZE\b", self.kind):
            return NO_SIZES
        if re.match(r"(TIME|AGE)\b", self.kind):
            return NO_TIMES
        if "{" in self.kind:
            return ["nonsense", CONTROLS]
        return []


def read_help(text):
    """(subcommands, options, what is required) of a command's help."""
    section, subcommands, options, required = "", [], [], []
    for line in text.split("\n"):
        if line and not line.startswith((" ", "Usage")) and line.endswith(":"):
            section = line[:-1]
            continue
        match = re.match(r"  (\S+)(.*)$", line)
        if match is None or section.startswith("Example"):
            continue
        word, rest = match.groups()
        if section == "Subcommands":
            subcommands.append(word)
        elif section == "Positionals":
            if "REQUIRED" in rest:
                required.append(NEEDED.get(word, "x"))
        elif word.startswith("-"):
            kind = re.sub(r"(Excludes|Needs):.*", "", rest.split("  ")[0]).strip()
            options.append(Option(word.split(","), kind))
            if "REQUIRED" in kind:
                required += [options[-1].name, "x"]
    return subcommands, options, required


class Options(OapTest):
    def commands(self, path=()):
        subcommands, options, required = read_help(self.oap(*path, "--help").out)
        if not subcommands:
            yield path, options, required
        for word in subcommands:
            yield from self.commands((*path, word))

    def cases(self):
        for path, options, required in self.commands():
            if path == ("sandbox", "exec"):
                required = ["--", *required]
            for option in options:
                if option.name not in ("--help", "--help-all", *required):
                    yield path, option, required

    def refused(self, words, option=None):
        result = self.oap(*words)
        with self.subTest(words):
            self.assertEqual(result.code, 2, result)
            self.assertTrue(result.err.strip(), result)
            self.assertNotIn("\x1b", result.err)
            if option is not None:
                self.assertIn(option.name, result.err)
        return result

    def test_there_are_commands_and_options(self):
        found = list(self.cases())
        self.assertGreater(len({path for path, _, _ in found}), 90)
        self.assertGreater(len(found), 500)
        self.assertGreater(sum(len(option.wrong()) for _, option, _ in found), 300)

    def test_unknown_options(self):
        for path, _, required in self.commands():
            result = self.refused([*path, "--no-such-option", *required])
            self.assertIn("--no-such-option", result.err)

    def test_missing_values(self):
        for path, option, _ in self.cases():
            if not option.is_flag():
                self.refused([*path, option.name], option)

    def test_flags_take_no_value(self):
        for path, option, required in self.cases():
            if option.is_flag():
                self.refused([*path, option.name + "=banana", *required], option)

    def test_given_twice(self):
        for path, option, required in self.cases():
            if not option.is_flag() and not option.many:
                self.refused([*path, option.name, "1", option.name, "1", *required], option)

    def test_empty_values(self):
        for path, option, required in self.cases():
            if not option.is_flag() and option.name not in ("--allowedTools", "--disallowedTools"):
                self.refused([*path, option.name, "", *required], option)

    def test_what_is_not_utf8(self):
        for path, option, required in self.cases():
            if not option.is_flag() and option.name not in ("--allowedTools", "--disallowedTools"):
                self.refused([*path, option.name, NOT_UTF8, *required], option)

    def test_values_that_are_none_of_their_kind(self):
        for path, option, required in self.cases():
            for value in option.wrong():
                self.refused([*path, f"{option.name}={value}", *required], option)

    def test_files_and_folders_that_are_not_there(self):
        self.write("file", "x")
        missing = str(self.work / "no" / "such")
        to_write = {"--target", "--output", "--record"}
        reported = {"--source"}  # an import that fails has a report
        for path, option, required in self.cases():
            if option.name in to_write | reported or option.many:
                continue
            if re.match(r"DIR\b", option.kind):
                for value in (missing, str(self.work / "file")):
                    self.assertIn(value, self.refused([*path, option.name, value, *required], option).err)
            elif re.match(r"FILE\b", option.kind) and option.name != "--inputs":
                for value in (missing, str(self.work)):
                    self.assertIn(value, self.refused([*path, option.name, value, *required], option).err)

    def test_inputs_of_a_workflow_that_are_not_there(self):
        self.assertEqual(self.oap("workflow", "new", "x").code, 0)
        for command in ("plan", "run"):
            for value in (str(self.work / "none.json"), str(self.work)):
                result = self.refused(["workflow", command, "x", "--inputs", value])
                self.assertIn(value, result.err)


if __name__ == "__main__":
    unittest.main()
