#include "platform/nesting.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

std::string own_mark(const Settings& settings) {
  return crypto::sha256_hex(settings.paths.workspace + '\0' + settings.paths.project_dir)
      .substr(0, 16);
}

std::string given_mark(const Settings& settings) {
  return settings.env(kNestingVariable).value_or("");
}

}  // namespace

std::string nesting_mark(const Settings& settings) {
  const std::string before = given_mark(settings);
  return before.empty() ? own_mark(settings) : before + "," + own_mark(settings);
}

Result<void> check_nesting(const Settings& settings) {
  const std::string before = given_mark(settings);
  if (before.empty()) {
    return {};
  }
  const std::vector<std::string_view> chain = text::split(before, ',');
  if (std::find(chain.begin(), chain.end(), own_mark(settings)) != chain.end()) {
    return fail(Code::kFailedPrecondition,
                "the servers of {} are being started by one of themselves: an entry of its MCP "
                "servers runs `oap mcp serve` for this same workspace; remove that entry, or give "
                "it --workspace with another one",
                settings.paths.workspace);
  }
  return fail(
      Code::kFailedPrecondition,
      "a gateway cannot be a stdio server of another gateway: in the sandbox of a server it "
      "cannot reach its state. Run `oap mcp serve --http 127.0.0.1:PORT --workspace {}` "
      "beside it and configure its URL instead",
      settings.paths.workspace);
}

}  // namespace oap::platform
