// A light MCP client that loads a server and measures it; tests/bench/mcp_gateway drives it.
//   mcp_load http   --port P [--path /mcp] [--era legacy|modern] [--connections N] …
//   mcp_load stdio  [--window N] … -- COMMAND [ARGUMENT…]
//   mcp_load listen --port P --era legacy|modern --streams N   (holds them until stdin ends)
// Common: --calls N --warmup N --bytes N --tool NAME --argument NAME --deadline S --max-errors N
//   --authorization VALUE. Prints one JSON object; exits 1 where nothing could be measured.

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "json/print.hpp"
#include "mcp_load_run.hpp"

namespace oap::bench {

namespace {

struct Options {
  std::string mode;
  Load load;
  std::size_t streams = 1;
  std::vector<std::string> command;
};

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

bool set_option(Options& options, std::string_view name, std::string_view value) {
  Target& target = options.load.target;
  const auto text = [value](std::string& into) {
    into = value;
    return true;
  };
  if (name == "--era") {
    target.era = value == "modern" ? Era::kModern : Era::kLegacy;
    return value == "modern" || value == "legacy";
  }
  if (name == "--host") {
    return text(target.host);
  }
  if (name == "--path") {
    return text(target.path);
  }
  if (name == "--tool") {
    return text(target.tool);
  }
  if (name == "--argument") {
    return text(target.argument);
  }
  if (name == "--authorization") {
    return text(target.authorization);
  }
  if (name == "--port") {
    return read_number(value, target.port);
  }
  if (name == "--bytes") {
    return read_number(value, target.bytes);
  }
  if (name == "--connections") {
    return read_number(value, options.load.connections);
  }
  if (name == "--window") {
    return read_number(value, options.load.window);
  }
  if (name == "--calls") {
    return read_number(value, options.load.calls);
  }
  if (name == "--warmup") {
    return read_number(value, options.load.warmup);
  }
  if (name == "--deadline") {
    return read_number(value, options.load.deadline_s);
  }
  if (name == "--max-errors") {
    return read_number(value, options.load.max_errors);
  }
  if (name == "--streams") {
    return read_number(value, options.streams);
  }
  return false;
}

bool read_options(int argc, char** argv, Options& options) {
  if (argc < 2) {
    return false;
  }
  options.mode = argv[1];
  int i = 2;
  for (; i < argc && std::string_view(argv[i]) != "--"; i += 2) {
    if (i + 1 >= argc || !set_option(options, argv[i], argv[i + 1])) {
      fmt::print(stderr, "mcp_load: unknown or wrong option {}\n", argv[i]);
      return false;
    }
  }
  for (++i; i < argc; ++i) {
    options.command.emplace_back(argv[i]);
  }
  return true;
}

int report(Result<Stats> stats) {
  if (!stats) {
    fmt::print("{{\"failed\":{}}}\n", json::quote(stats.error().message()));
    return 1;
  }
  fmt::print("{}\n", stats->to_json());
  return stats->latencies.empty() ? 1 : 0;
}

int run(const Options& options) {
  if (options.mode == "http" && options.load.target.port != 0) {
    return report(run_http(options.load));
  }
  if (options.mode == "stdio" && !options.command.empty()) {
    return report(run_stdio(options.load, options.command));
  }
  if (options.mode == "listen" && options.load.target.port != 0) {
    return run_listen(options.load.target, options.streams, options.load.deadline_s) ? 0 : 1;
  }
  return -1;
}

}  // namespace

}  // namespace oap::bench

int main(int argc, char** argv) {
  oap::bench::Options options;
  const int code = oap::bench::read_options(argc, argv, options) ? oap::bench::run(options) : -1;
  if (code < 0) {
    fmt::print(stderr, "usage: mcp_load http|stdio|listen … (see the head of mcp_load.cpp)\n");
    return 2;
  }
  return code;
}
