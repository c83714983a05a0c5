#include "security/security_policy.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::security {
namespace {

struct Code {
  std::string_view text;
  std::string_view path;
  std::optional<Language> language;
  bool known = true;  ///< it is in that language, or no program at all
};

/// Files that are only read: no program, whatever they say.
bool is_prose(std::string_view path) {
  const std::string lower = text::lower_ascii(path);
  static constexpr std::string_view kEndings[] = {".md",  ".txt", ".rst", ".adoc",
                                                  ".csv", ".tsv", ".log"};
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return lower.ends_with(ending); });
}

/// What of the call's arguments is a program.
Code code_of(const ToolCall& call) {
  const auto argument = [&](std::string_view name) {
    return json::get_string(call.arguments, name);
  };
  if ((call.server != kBuiltinServer && !call.server.empty()) || call.tool == "mcp") {
    return {{}, {}, std::nullopt, false};
  }
  if (call.tool == "bash" || call.tool == "run_command") {
    return {argument("command"), {}, Language::kBash};
  }
  if (call.tool == "python") {
    return {argument("code"), {}, Language::kPython};
  }
  if (call.tool == "write_file" || call.tool == "edit_file") {
    const std::string_view text = argument(call.tool == "write_file" ? "content" : "new_string");
    const auto language = language_of(argument("path"), text);
    return {text, argument("path"), language, language || is_prose(argument("path"))};
  }
  return {};
}

std::string public_name(const ToolCall& call) {
  const bool own = call.server.empty() || call.server == kBuiltinServer;
  return own ? call.tool : call.server + "__" + call.tool;
}

void raise(PolicyVerdict& verdict, Level level, std::string rule, std::string reason) {
  if (level > verdict.level) {
    verdict.level = level;
    verdict.rule = std::move(rule);
    verdict.reason = std::move(reason);
  }
}

}  // namespace

PolicyVerdict SecurityPolicy::judge(const ToolCall& call, std::string_view today) const {
  PolicyVerdict verdict;
  const std::string name = public_name(call);
  if (options_.approval.contains(name)) {
    raise(verdict, Level::kAsk, "SecurityPolicy:require_approval",
          fmt::format("security.tools.{}.require_approval is set", name));
  }
  if (!options_.enabled) {
    return verdict;
  }
  const Code code = code_of(call);
  verdict.assessed = code.known;
  if (code.language) {
    // What is hard-coded is judged below, wherever it stands.
    CodeScan scan = scan_constructs(code.text, *code.language, code.path);
    verdict.assessed = scan.understood;
    verdict.report = judge_findings(std::move(scan.findings), options_.exceptions, today);
    for (const CodeFinding& finding : verdict.report.findings) {
      if (finding.severity == Severity::kCritical) {
        raise(verdict, options_.critical, "SecurityPolicy:" + finding.rule,
              fmt::format("line {}: {}; {} (fingerprint {})", finding.line_number,
                          finding.description, finding.recommendation, finding.fingerprint));
      }
    }
  }
  const bool agent = call.origin == Origin::kAgent || call.origin == Origin::kWorkflow;
  if (agent && options_.secret_writes != Level::kAllow && secrets_.has_secret(call.arguments)) {
    raise(verdict, options_.secret_writes, "SecurityPolicy:secret",
          fmt::format("the arguments of {} hold a secret", name));
  }
  return verdict;
}

std::string day_of(WallTime time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace oap::security
