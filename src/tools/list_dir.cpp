#include <climits>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "tools/entry.hpp"
#include "tools/exclusion.hpp"
#include "tools/walk.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMaxListed = 2000;
constexpr std::size_t kMaxRead = 200'000;

std::string target_of(const OpenFile& directory, const std::string& name) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

std::string line_of(const OpenFile& directory, const DirectoryEntry& entry) {
  std::string line = printable(entry.name);
  if (entry.is_directory) {
    line += '/';
  }
  if (entry.is_link) {
    line += " -> " + printable(target_of(directory, entry.name));
  }
  return line;
}

Result<ToolResult> run(const Workspace& workspace, const json::Value& arguments,
                       const std::stop_token& stop) {
  const std::string path(json::get_string(arguments, "path", "."));
  OAP_TRY(Exclusion exclusion, Exclusion::open(workspace, arguments, path));
  const auto directory = workspace.open_directory(path);
  if (!directory) {
    return fail(exclusion.without_hints(directory.error()));
  }
  std::vector<DirectoryEntry> entries = entries_of(*directory, kMaxRead);
  const bool more = entries.size() == kMaxRead;
  std::erase_if(entries, [&](const DirectoryEntry& entry) {
    return exclusion.leaves_out(entry.name) ||
           (entry.is_link &&
            exclusion.leaves_out_target(workspace, target_of(*directory, entry.name)));
  });
  std::string text;
  std::size_t listed = 0;
  for (const DirectoryEntry& entry : entries) {
    if (stop.stop_requested() || listed == kMaxListed) {
      break;
    }
    text += (listed++ == 0 ? "" : "\n") + line_of(*directory, entry);
  }
  ToolResult result =
      ToolResult::text(entries.empty() ? fmt::format("{} is empty", workspace.shown(path)) : text);
  if (listed < entries.size()) {
    add_remark(result, fmt::format("[{} of {}{} entries shown; use glob to narrow the list]",
                                   listed, more ? "more than " : "", entries.size()));
  }
  add_remark(result, exclusion.remark());
  return result;
}

}  // namespace

Entry list_dir() {
  return {define("list_dir", "List a directory", Effect::kReads, R"({
    "path": {"type": "string", "minLength": 1, "default": ".",
      "description": "The directory, relative to the workspace, or an absolute path inside it."},
    "exclude": {"type": "array", "maxItems": 4096, "items": {"type": "string", "maxLength": 2048},
      "description": "Patterns of files to leave out; policy adds its own"}})",
                 "[]"),
          &file_tool<&run>};
}

}  // namespace oap::tools
