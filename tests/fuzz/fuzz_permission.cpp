#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "permission/analysis.hpp"
#include "permission/case_rows.hpp"
#include "permission/policy.hpp"

namespace {

using oap::Level;
using oap::permission::Policy;
using oap::permission::Request;

Request request_of(std::string_view text) {
  Request request;
  const bool command = text.empty() || text.front() % 2 == 0;
  request.tool = command ? "bash" : "read_file";
  request.action = "execute";
  request.workspace = "/nonexistent";
  request.arguments[command ? "command" : "path"] = text;
  return request;
}

/// Lint of a small policy ends, and each of its witnesses is a request.
void analyse_small(const Policy& policy, std::size_t size) {
  if (policy.rules().size() > 4 || size > 300) {
    return;
  }
  for (const auto& finding : oap::permission::analyse(policy).findings) {
    if (finding.message.empty() ||
        (finding.witness && !oap::permission::request_from_json(*finding.witness))) {
      std::abort();
    }
  }
}

}  // namespace

/// The input is a policy and, behind the first NUL byte, a request. Any policy is compiled or
/// refused with a reason; a deny rule that matches is not outvoted by allow rules put before and
/// behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);  // NOLINT
  const std::size_t split = input.find('\0');
  const std::string policy_text(input.substr(0, split));
  const Request request =
      request_of(split == std::string_view::npos ? std::string_view() : input.substr(split + 1));
  oap::permission::PolicyOptions options;
  options.workspace = "/nonexistent";
  using oap::permission::Tier;
  auto policy = Policy::compile({{Tier::kProject, "p", policy_text}}, options);
  if (!policy) {
    if (policy.error().message().empty()) {
      std::abort();
    }
    return 0;
  }
  analyse_small(**policy, policy_text.size());
  const auto rows = oap::permission::read_cases(policy_text, "p");
  if (!rows && rows.error().message().empty()) {
    std::abort();
  }
  const auto alone = (*policy)->decide(request);
  const std::string allows =
      "permissions: [{tool: bash, level: allow}, {tool: '*', level: allow}]\n";
  auto joined =
      Policy::compile({{Tier::kUser, "u", allows}, {Tier::kProject, "p", policy_text}}, options);
  if (!joined) {
    std::abort();
  }
  const bool by_rule = alone.rule.starts_with("p:");
  if (by_rule && (*joined)->decide(request).level < alone.level) {
    std::abort();
  }
  return 0;
}
