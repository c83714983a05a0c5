#include "cli/sandbox.hpp"

#include <charconv>
#include <cmath>

namespace oap::cli {
namespace {

constexpr double kLongest = 31'536'000;

/// CLI11's own range lets "nan" through, and a text that only begins with a number.
std::string check_seconds(const std::string& text) {
  double seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!whole || !std::isfinite(seconds) || seconds < 0.001 || seconds > kLongest) {
    return "'" + text + "' is no number of seconds from 0.001 to 31536000";
  }
  return "";
}

std::string check_not_empty(const std::string& text) {
  return text.empty() ? "it is empty; leave the option out, or give it a value" : "";
}

}  // namespace

void add_sandbox_options(CLI::App& exec, SandboxArgs& args) {
  exec.add_option("--write", args.writable, "A further place that it may write; may be given often")
      ->type_name("PATH")
      ->allow_extra_args(false);
  exec.add_option("--read", args.readable, "A further place that it may see; as above")
      ->type_name("PATH")
      ->allow_extra_args(false);
  exec.add_option("--network", args.network,
                  "none (the default), full, or hosts such as example.org or '*.example.org:8443'")
      ->type_name("none|full|HOST")
      ->delimiter(',')
      ->allow_extra_args(false);
  exec.add_option("--memory", args.memory, "Of all its processes together, e.g. 512MB")
      ->check(CLI::Validator(&check_not_empty, ""))
      ->type_name("SIZE");
  exec.add_option("--cpu", args.cpu_percent, "Per cent of one core")->check(CLI::Range(1, 6400));
  exec.add_option("--disk", args.disk, "What it may write, e.g. 1GB")
      ->check(CLI::Validator(&check_not_empty, ""))
      ->type_name("SIZE");
  exec.add_option("--pids", args.processes, "Processes and threads at a time (4096)")
      ->check(CLI::Range(1, 4'000'000));
  exec.add_option("--timeout", args.timeout,
                  "Seconds until it is killed; then the exit code is 124")
      ->check(CLI::Validator(&check_seconds, ""))
      ->type_name("SECONDS");
  exec.add_option("--require", args.require,
                  "What must be enforced, else nothing is run and the exit code is 126: fs, net, "
                  "pid, seccomp, mem, cpu, pids, disk")
      ->check(CLI::Validator(&check_not_empty, ""))
      ->type_name("KIND,KIND");
  exec.add_flag("--discard", args.discard,
                "What it changes in the workspace is thrown away, and told on standard error");
  exec.add_option("command", args.command, "The program and its arguments, after --")
      ->type_name("-- COMMAND ARGS...")
      ->required();
  exec.footer(
      "\nThe workspace is writable and the working directory. Exit code: the program's; 124 time "
      "is\n"
      "up, 125 it could not be started, 126 refused. With --json the last line of standard error\n"
      "says how it ended and what was enforced.\n"
      "\nExamples:\n  oap sandbox exec -- make test\n"
      "  oap sandbox exec --network registry.npmjs.org --memory 2GB --json -- npm ci");
}

}  // namespace oap::cli
