#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "tools/entry.hpp"
#include "tools/files.hpp"

namespace oap::tools {
namespace {

Result<ToolResult> run(const Workspace& workspace, const json::Value& arguments,
                       const std::stop_token& /*stop*/) {
  const std::string_view content = json::get_string(arguments, "content");
  OAP_TRY(const Place place, workspace.place(json::get_string(arguments, "path")));
  OAP_CHECK_OK(lock(place));
  struct stat status = {};
  const bool existed =
      ::fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  OAP_CHECK_OK(replace_file(place, content));
  return ToolResult::text(fmt::format("{} {} ({} bytes)", existed ? "Overwrote" : "Created",
                                      place.shown, content.size()));
}

}  // namespace

Entry write_file() {
  return {define("write_file", "Write a file", Effect::kWrites, R"({
    "path": {"type": "string", "minLength": 1,
      "description": "The file, relative to the workspace, or an absolute path inside it."},
    "content": {"type": "string", "description": "The whole new text of the file."}})",
                 R"(["path", "content"])"),
          &file_tool<&run>};
}

}  // namespace oap::tools
