#include "cli/sandbox.hpp"

#include "cli/values.hpp"

namespace oap::cli {

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
      ->check(size_value())
      ->type_name("SIZE");
  exec.add_option("--cpu", args.cpu_percent, "Per cent of one core")->check(CLI::Range(1, 6400));
  exec.add_option("--disk", args.disk, "What it may write, e.g. 1GB")
      ->check(size_value())
      ->type_name("SIZE");
  exec.add_option("--pids", args.processes, "Processes and threads at a time (4096)")
      ->check(CLI::Range(1, 4'000'000));
  exec.add_option("--timeout", args.timeout,
                  "Seconds until it is killed; then the exit code is 124")
      ->check(seconds_value())
      ->type_name("SECONDS");
  exec.add_option("--require", args.require,
                  "What must be enforced, else nothing is run and the exit code is 126: fs, net, "
                  "pid, seccomp, mem, cpu, pids, disk")
      ->check(kinds_value())
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
