#!/usr/bin/env python3
"""Runs the official MCP conformance suite against one of our programs and prints what it found.

run_suite.py WHAT VERSION [--scenario NAME]... [--verbose]
  WHAT     fixture        mcp_fixture over HTTP: the server part of src/mcp
           gateway-stdio  oap mcp serve --http in front of the fixture on stdio
           gateway-http   the same in front of the fixture over HTTP
           gateway-legacy-stdio, gateway-legacy-http
                          the same, where the gateway speaks to the fixture as to a server of 2025-11-25
           client         mcp_conformance_client: the client part and OAuth
  VERSION  2025-11-25 | 2026-07-28   the frozen requirement set of that revision (suite 0.2 alpha)
           stable                    suite 0.1, everything that is active

Prints a line a scenario ("name: passed/failed checks") and a closing line. Every scenario must pass,
those that the revision does not score too, but for the known gaps below; a gap that has been closed
must be taken off the list. Exit: 0 all well, 1 not, 77 the suite is not installed (scripts/peers.sh).
Environment: OAP_BUILD (a build folder, default build/dev), OAP_PEERS (default build/peers), OAP_REQUIRE=1
(a missing suite is a failure), OAP_CONFORMANCE_JOBS (clients at a time, default 2).
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from under_test import PROGRAMS, Fixture, Gateway

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = pathlib.Path(os.environ.get("OAP_PEERS", ROOT / "build" / "peers"))
REVISIONS = ("2025-11-25", "2026-07-28")
RUN_TIMEOUT = 540
SCENARIO_TIMEOUT_MS = 60000

MAKERS = {
    "fixture": Fixture,
    "gateway-stdio": Gateway,
    "gateway-http": Gateway.over_http,
    "gateway-legacy-stdio": Gateway.to_legacy,
    "gateway-legacy-http": Gateway.to_legacy_over_http,
}
# Scenarios that no revision requires and that do not pass here, each with the reason.
KNOWN_GAPS = {
    "client": {
        "auth/dpop": "DPoP (a draft extension) is not supported",
        "auth/dpop-nonce": "DPoP (a draft extension) is not supported",
    },
}
# The stable suite's own defects, mended in the alpha.
STABLE_GAPS = {
    "auth/2025-03-26-oauth-metadata-backcompat": "the suite's metadata names another issuer than its own (RFC 8414 3.3)",
}


def suite(version):
    return PEERS / "bin" / ("conformance-stable" if version == "stable" else "conformance-alpha")


def requirements(version, leg):
    """The scenarios that the revision requires of "server" or "client", and those only reported."""
    text = subprocess.run([suite(version), "list", "--requirements", version], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=60).stdout
    required, reported, section = [], [], None
    for line in text.splitlines():
        if line and not line.startswith(" "):
            section = line.split()[0].lower()
        elif match := re.match(r" +- (\S+) \[(\w+)\]$", line):
            if match[2] == leg:
                reported.append(match[1])
        elif match := re.match(r" +- (\S+)$", line):
            if section == leg:
                required.append(match[1])
    if not required:
        raise SystemExit(f"the suite names no {leg} scenarios for {version}:\n{text}")
    return required, reported


class Outcome:
    """What one scenario found. `trouble` says what went wrong beside its checks."""

    def __init__(self, checks, trouble=""):
        self.checks = checks
        self.trouble = trouble

    def count(self, status):
        return sum(check.get("status") == status for check in self.checks)

    def passed(self, leg):
        """The client leg counts warnings, as the suite itself does there."""
        bad = self.count("FAILURE") + (self.count("WARNING") if leg == "client" else 0)
        return not self.trouble and bad == 0

    def proved(self, leg):
        """Something was checked, and all of it was well."""
        return self.passed(leg) and self.count("SUCCESS") > 0

    def complaints(self):
        for check in self.checks:
            if check.get("status") in ("FAILURE", "WARNING"):
                yield f"{check['status']} {check.get('id')}: {check.get('errorMessage') or check.get('description')}"
        if self.trouble:
            yield self.trouble
        elif not self.count("SUCCESS") and not self.count("FAILURE"):
            yield "nothing was checked"


def checks_in(folder):
    """Scenario name -> checks, of every checks.json below the folder."""
    found = {}
    for file in sorted(folder.rglob("checks.json")):
        name = str(file.parent.relative_to(folder))
        name = re.sub(r"-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$", "", name)
        found[name.removeprefix("server-").removeprefix("client-")] = json.loads(file.read_text())
    return found


def run_servers(url, version, scenarios):
    """One run of the suite over all scenarios; only those named where there are any."""
    outcomes = {}
    with tempfile.TemporaryDirectory(prefix="oap-conformance-") as out:
        base = [suite(version), "server", "--url", url, "-o", out]
        if version != "stable" and scenarios:
            extra = [["--scenario", name, "--spec-version", version, "--force"] for name in scenarios]
        elif version != "stable":
            extra = [["--requirements", version]]
        else:
            extra = [["--scenario", name] for name in scenarios] or [["--suite", "active"]]
        for arguments in extra:
            done = subprocess.run([*base, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=RUN_TIMEOUT)
            if done.returncode not in (0, 1):
                raise SystemExit(f"the suite ended with {done.returncode}:\n{done.stdout[-2000:]}")
        for name, checks in checks_in(pathlib.Path(out)).items():
            outcomes[name] = Outcome(checks)
    return outcomes


def run_client(name, version, verbose):
    with tempfile.TemporaryDirectory(prefix="oap-conformance-") as out:
        command = [suite(version), "client", "--command", "./mcp_conformance_client", "--scenario", name,
                   "--timeout", str(SCENARIO_TIMEOUT_MS), "-o", out]
        if version != "stable":
            command += ["--spec-version", version, "--force"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=PROGRAMS, timeout=RUN_TIMEOUT)
        checks = [check for found in checks_in(pathlib.Path(out)).values() for check in found]
    outcome = Outcome(checks)
    if done.returncode != 0 and outcome.passed("client"):
        said = re.search(r"Client (exited with code|timed out)[\s\S]*?(?=\n\n|\nResults|\Z)", done.stdout)
        stderr = re.search(r"Stderr:\n([\s\S]*?)\n(?=\n|Results)", done.stdout)
        outcome.trouble = " ".join(filter(None, (said and said[0], stderr and stderr[1]))) or done.stdout[-500:]
    if verbose:
        print(done.stdout)
    return outcome


def run_clients(names, version, verbose):
    jobs = int(os.environ.get("OAP_CONFORMANCE_JOBS", "2"))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return dict(zip(names, pool.map(lambda name: run_client(name, version, verbose), names)))


def stable_clients():
    """The active client scenarios of the stable suite, which has no requirement sets."""
    text = subprocess.run([suite("stable"), "list", "--client"], check=True, stdout=subprocess.PIPE, text=True,
                          timeout=60).stdout
    return re.findall(r"^ +- (\S+)", text, re.M)


def measure(what, version, chosen, verbose):
    """(outcomes, required names, reported names)"""
    leg = "client" if what == "client" else "server"
    required, reported = requirements(version, leg) if version != "stable" else ([], [])
    if what == "client":
        names = chosen or required + reported or stable_clients()
        outcomes = run_clients(names, version, verbose)
    else:
        make = MAKERS[what]
        with make() as under_test:
            outcomes = run_servers(under_test.url, version, chosen)
            if verbose:
                print(under_test.said())
    if chosen:
        required = [name for name in chosen if name in required or version == "stable"]
    elif version == "stable":
        required = [name for name in outcomes if name not in STABLE_GAPS]
    for name in required:
        outcomes.setdefault(name, Outcome([], "the suite did not run it"))
    return outcomes, required


def report(what, version, outcomes, required):
    leg = "client" if what == "client" else "server"
    gaps = STABLE_GAPS if version == "stable" else KNOWN_GAPS.get(what, {})
    order = required + sorted(set(outcomes) - set(required))
    bad, closed = [], []
    for name in order:
        outcome = outcomes[name]
        passed = outcome.proved(leg)
        if name not in required and not outcome.count("SUCCESS") and outcome.passed(leg):
            print(f"n/a {name}: nothing to check")
            continue
        if passed and name in gaps:
            closed.append(name)
        elif not passed and (name in required or name not in gaps):
            bad.append(name)
        mark = "ok  " if passed else "gap " if name not in bad else "BAD "
        why = f" ({gaps[name]})" if mark == "gap " else "" if name in required else " (not scored)"
        print(f"{mark}{name}: {outcome.count('SUCCESS')}/{outcome.count('FAILURE')}{why}")
        if mark == "BAD ":
            for complaint in outcome.complaints():
                print(f"      {complaint}")
    for name in closed:
        print(f"BAD {name} passes: take it off KNOWN_GAPS in {pathlib.Path(__file__).name}")
    good = sum(outcomes[name].proved(leg) for name in required)
    others = [name for name in order if name not in required and outcomes[name].count("SUCCESS")]
    extra = sum(outcomes[name].proved(leg) for name in others)
    total = sum(outcome.count("SUCCESS") for outcome in outcomes.values())
    failed = sum(outcome.count("FAILURE") for outcome in outcomes.values())
    print(f"conformance {what} {version}: {good}/{len(required)} required scenarios, {extra}/{len(others)} others; "
          f"checks {total} passed, {failed} failed")
    return not bad and not closed and bool(outcomes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*MAKERS, "client"])
    parser.add_argument("version", choices=(*REVISIONS, "stable"))
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if not suite(args.version).exists():
        print(f"SKIPPED: no conformance suite in {PEERS}: run scripts/peers.sh")
        return 1 if os.environ.get("OAP_REQUIRE") == "1" else 77
    outcomes, required = measure(args.what, args.version, args.scenario, args.verbose)
    return 0 if report(args.what, args.version, outcomes, required) else 1


if __name__ == "__main__":
    sys.exit(main())
