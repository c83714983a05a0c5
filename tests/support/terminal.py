"""A program at a pseudo-terminal, and what a person would see there: a small terminal of our own that
knows the sequences that oap may use and fails at every other."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

ALLOWED = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


def columns_of(letter):
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


class Screen:
    """Rows of cells; everything that scrolled away stays in `rows` above."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = [[]]
        self.row = self.column = 0
        self.modes = set()
        self.strange = []  # sequences and controls that nobody should send

    def put(self, letter):
        width = columns_of(letter)
        if width == 0:
            if self.column and self.column <= len(self.rows[self.row]):
                self.rows[self.row][self.column - 1] += letter
            return
        if self.column + width > self.columns:
            self.newline()
            self.column = 0
        row = self.rows[self.row]
        row.extend(" " * (self.column + width - len(row)))
        row[self.column] = letter
        if width == 2:
            row[self.column + 1] = ""
        self.column += width

    def newline(self):
        self.row += 1
        while self.row >= len(self.rows):
            self.rows.append([])

    def feed(self, text):
        at = 0
        while at < len(text):
            letter = text[at]
            if letter == "\x1b":
                match = ALLOWED.match(text, at)
                if not match:
                    if re.fullmatch(r"\x1b(\[[0-9;?]*)?", text[at:]):
                        return text[at:]
                    self.strange.append(text[at:at + 12])
                    at += 1
                    continue
                self.sequence(*match.groups())
                at = match.end()
                continue
            at += 1
            if letter == "\r":
                self.column = 0
            elif letter == "\n":
                self.newline()
            elif letter == "\b":
                self.column = max(0, self.column - 1)
            elif letter == "\t":
                self.column += 8 - self.column % 8
            elif ord(letter) < 32 or 0x7f <= ord(letter) < 0xa0:
                self.strange.append(letter)
            else:
                self.put(letter)
        return ""

    def sequence(self, private, numbers, kind):
        count = int(numbers.split(";")[0] or 0)
        if private:
            (self.modes.add if kind == "h" else self.modes.discard)(count)
            if count not in (25, 2004) or kind not in "hl":
                self.strange.append(f"?{numbers}{kind}")
        elif kind == "A":
            self.row = max(0, self.row - max(1, count))
        elif kind == "C":
            self.column = min(self.columns - 1, self.column + max(1, count))
        elif kind == "J" and count == 0:
            del self.rows[self.row][self.column:]
            del self.rows[self.row + 1:]
        elif (kind, numbers) in (("J", "2"), ("H", "")):
            if kind == "J":
                self.rows, self.row, self.column = [[]], 0, 0
        elif kind != "m":
            self.strange.append(f"{numbers}{kind}")

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.rows)


class Terminal:
    """Runs a program at a pseudo-terminal of its own."""

    def __init__(self, argv, cwd, env, columns=80, rows=24):
        self.screen = Screen(columns)
        self.raw = b""
        self.rest = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.code = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.fd)

    def send(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        while data:
            _, ready, _ = select.select([], [self.fd], [], 0.05)
            if ready:
                data = data[os.write(self.fd, data[:2048]):]
            self.read(0)

    def read(self, wait):
        """Takes in what is there; False when the program has ended."""
        ready, _, _ = select.select([self.fd], [], [], wait)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            return False
        self.raw += data
        self.rest = self.screen.feed(self.rest + self.decoder.decode(data))
        return True

    def wait(self, what, seconds=20):
        """Waits until the text, or what the function of the screen's text says, is on the screen."""
        deadline = time.monotonic() + seconds
        fits = what if callable(what) else lambda text: what in text
        alive = True
        while time.monotonic() < deadline:
            if fits(self.screen.text()):
                return self.screen.text()
            if not alive:
                break
            alive = self.read(0.05)
        raise AssertionError(f"not on the screen: {what!r}\n{self.screen.text()[-4000:]}")

    def end(self, seconds=20):
        """Waits for the program's end; its exit code."""
        deadline = time.monotonic() + seconds
        while self.code is None and time.monotonic() < deadline:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        while self.code is not None and self.read(0):
            if not select.select([self.fd], [], [], 0)[0]:
                break
        if self.code is None:
            raise AssertionError(f"still running\n{self.screen.text()[-4000:]}")
        return self.code

    def resize(self, columns, rows=24):
        self.screen.columns = columns
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def kill(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
