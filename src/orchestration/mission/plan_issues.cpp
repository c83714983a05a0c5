#include <fmt/format.h>

#include "orchestration/mission/plan_files.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

std::string text_of(const json::Object& arguments, std::string_view key) {
  return std::string(json::get_string(arguments, key));
}

Error for_model(Code code, std::string text) {
  return Error(code, std::move(text), Audience::kModel);
}

}  // namespace

/// `add` puts a block "## SYNC-n: …"; `resolve` gives one its "Status: resolved".
Result<ToolResult> PlanFiles::issues(const json::Object& arguments) {
  const std::string_view action = json::get_string(arguments, "action");
  const std::string text = text_of(arguments, "text");
  const std::string id = text_of(arguments, "id");
  if ((action == "add" && text::trim(text).empty()) || (action == "resolve" && id.empty())) {
    return fail(for_model(Code::kInvalidArgument,
                          "add needs a text, resolve the id of an issue, as SYNC-2"));
  }
  if (action != "add" && action != "resolve") {
    return fail(for_model(Code::kInvalidArgument, "on issues: list, add (text) and resolve (id)"));
  }
  std::string name = id;
  const auto change = [&](const std::string& before) -> Result<std::string> {
    if (action == "add") {
      int n = 1;
      while (text::contains(before, fmt::format("SYNC-{}", n))) {
        ++n;
      }
      name = fmt::format("SYNC-{}", n);
      std::string after = before.empty() ? "# Sync Issues\n" : before;
      after += after.ends_with('\n') ? "" : "\n";
      const std::size_t line = text.find('\n');
      return after + fmt::format("\n## {}: {}\n{}{}Status: open\n", name, text.substr(0, line),
                                 line == std::string::npos ? "" : text.substr(line + 1),
                                 line == std::string::npos ? "" : "\n");
    }
    for (const SyncIssue& issue : parse_sync_issues(before).open) {
      if (issue.id != id) {
        continue;
      }
      std::vector<std::string_view> lines = text::split(before, '\n');
      const std::string status = "Status: resolved";
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(issue.line), status);
      return text::join(lines, "\n");
    }
    return fail(for_model(Code::kNotFound, fmt::format("there is no open issue {}", id)));
  };
  PlanFile& file = files_.at(kIssuesFile);
  OAP_TRY([[maybe_unused]] const std::string after, file.change(change));
  return ToolResult::text(fmt::format("{} {}", name, action == "add" ? "added" : "resolved"));
}

}  // namespace oap::orchestration
