#include "text/glob.hpp"

#include <fmt/format.h>

#include "tools/entry.hpp"
#include "tools/exclusion.hpp"
#include "tools/walk.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMaxFound = 2000;

Result<ToolResult> run(const Workspace& workspace, const json::Value& arguments,
                       const std::stop_token& stop) {
  std::string pattern(json::get_string(arguments, "pattern"));
  std::string path(json::get_string(arguments, "path", "."));
  while (pattern.starts_with("./")) {
    pattern.erase(0, 2);
  }
  if (pattern.starts_with("/")) {
    const std::string inside = workspace.shown(pattern);
    if (inside.starts_with("/")) {
      return fail(Code::kPermissionDenied,
                  "the pattern {} is outside the workspace; write it relative to the workspace",
                  printable(pattern));
    }
    pattern = inside;
    path = ".";
  }
  OAP_TRY(const text::Glob glob, text::Glob::compile(pattern));
  OAP_TRY(Exclusion exclusion, Exclusion::open(workspace, arguments, path));
  const auto start = workspace.open_directory(path);
  if (!start) {
    return fail(exclusion.without_hints(start.error()));
  }

  WalkOptions options;
  options.leave_out = [&](const WalkEntry& entry) { return exclusion.leaves_out(entry.path); };
  std::erase_if(options.skip,
                [&](const std::string& name) { return pattern.find(name) != std::string::npos; });
  const std::string shown = workspace.shown(path);
  const std::string prefix = shown == "." ? "" : shown + (shown.ends_with('/') ? "" : "/");
  std::string text;
  std::size_t found = 0;
  const WalkEnd end = walk(*start, options, stop, [&](const WalkEntry& entry) {
    if (!entry.is_directory && glob.matches(entry.path)) {
      if (++found > kMaxFound) {
        return false;
      }
      text += (found == 1 ? "" : "\n") + printable(prefix + entry.path);
    }
    return true;
  });
  ToolResult result =
      ToolResult::text(found == 0 ? fmt::format("no file matches {}", printable(pattern)) : text);
  if (found > kMaxFound) {
    add_remark(result,
               fmt::format("[the first {} files; narrow the pattern to see others]", kMaxFound));
  }
  add_remark(result, remark(end, options));
  add_remark(result, exclusion.remark());
  return result;
}

}  // namespace

Entry glob() {
  return {define("glob", "Find files by name", Effect::kReads, R"({
    "pattern": {"type": "string", "minLength": 1, "maxLength": 2048,
      "description": "The pattern that a file's path, relative to `path`, must match."},
    "path": {"type": "string", "minLength": 1, "default": ".",
      "description": "The directory to search; the workspace where absent."},
    "exclude": {"type": "array", "maxItems": 4096, "items": {"type": "string", "maxLength": 2048},
      "description": "Patterns of files to leave out; policy adds its own"}})",
                 R"(["pattern"])"),
          &file_tool<&run>};
}

}  // namespace oap::tools
