#include <algorithm>
#include <filesystem>

#include "orchestration/mission/plan_files.hpp"
#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

namespace fs = std::filesystem;

std::string text_of(const json::Object& arguments, std::string_view key) {
  return std::string(json::get_string(arguments, key));
}

Error refusal(std::string text) {
  return Error(Code::kInvalidArgument, std::move(text), Audience::kModel);
}

/// The path after all links, also where it does not exist yet.
fs::path real(const std::string& path) {
  std::error_code error;
  const fs::path found = fs::weakly_canonical(path, error);
  return error ? fs::path(path).lexically_normal() : found;
}

/// The text after an edit_file call.
Result<std::string> edited(std::string text, const json::Object& arguments) {
  const std::string old = text_of(arguments, "old_string");
  const std::string fresh = text_of(arguments, "new_string");
  const std::size_t at = old.empty() ? std::string::npos : text.find(old);
  if (at == std::string::npos) {
    return fail(refusal("old_string is not in the plan as it is now; todo list shows it"));
  }
  if (json::get_bool(arguments, "replace_all")) {
    return text::replace_all(text, old, fresh);
  }
  if (text.find(old, at + 1) != std::string::npos) {
    return fail(
        refusal("old_string is there more than once; give more of it, or use the todo tool"));
  }
  return text.replace(at, old.size(), fresh);
}

}  // namespace

std::optional<Result<json::Object>> PlanFiles::as_use(const ToolCall& call,
                                                      const std::string& root) const {
  const bool writes = call.tool == "write_file";
  if (call.server != kBuiltinServer || (!writes && call.tool != "edit_file")) {
    return std::nullopt;
  }
  const std::string given = text_of(call.arguments, "path");
  const fs::path wanted = real(given.starts_with('/') ? given : root + "/" + given);
  const auto found = std::find_if(files_.begin(), files_.end(), [&](const auto& entry) {
    return real(entry.second.path()) == wanted;
  });
  if (given.empty() || found == files_.end()) {
    return std::nullopt;
  }
  if (found->first == kIssuesFile) {
    return fail(refusal("this file is changed with the todo tool: list issues, add and resolve"));
  }
  const char* const list = found->first == kChecklistFile ? "checklist" : "todo";
  json::Object use{{"action", "write"}, {"list", list}};
  if (writes) {
    use["content"] = text_of(call.arguments, "content");
    return Result<json::Object>(std::move(use));
  }
  auto text = found->second.read();
  if (!text) {
    return fail(text.error());
  }
  auto after = edited(text->value_or(""), call.arguments);
  if (!after) {
    return fail(std::move(after).error());
  }
  use["content"] = *std::move(after);
  return Result<json::Object>(std::move(use));
}

}  // namespace oap::orchestration
