#include <fmt/format.h>

#include "tools/edit.hpp"
#include "tools/entry.hpp"
#include "tools/files.hpp"

namespace oap::tools {
namespace {

Result<ToolResult> run(const Workspace& workspace, const json::Value& arguments,
                       const std::stop_token& /*stop*/) {
  const std::string_view path = json::get_string(arguments, "path");
  OAP_CHECK_OK(workspace.open_file(path));
  OAP_TRY(const Place place, workspace.place(path));
  OAP_CHECK_OK(lock(place));
  OAP_TRY(const OpenFile file, workspace.open_file(path));
  OAP_TRY(const std::string text, read_all(file, kMaxWholeFile, place.shown));
  if (is_binary(text)) {
    return fail(Code::kInvalidArgument, "{} is a binary file; edit_file changes text files only",
                place.shown);
  }
  auto edited =
      edit(text, json::get_string(arguments, "old_string"),
           json::get_string(arguments, "new_string"), json::get_bool(arguments, "replace_all"));
  if (!edited) {
    return fail(edited.error().code(), "{}: {}", place.shown, edited.error().message());
  }
  OAP_CHECK_OK(replace_file(place, edited->text));
  return ToolResult::text(fmt::format("Edited {}: {} replacement{}, {} line {}", place.shown,
                                      edited->replacements, edited->replacements == 1 ? "" : "s",
                                      edited->replacements == 1 ? "at" : "first at",
                                      edited->first_line));
}

}  // namespace

Entry edit_file() {
  return {define("edit_file", "Edit a file", Effect::kWrites, R"({
    "path": {"type": "string", "minLength": 1,
      "description": "The file, relative to the workspace, or an absolute path inside it."},
    "old_string": {"type": "string", "minLength": 1,
      "description": "The text to replace, exactly as it stands in the file."},
    "new_string": {"type": "string", "description": "The text to put in its place."},
    "replace_all": {"type": "boolean", "default": false,
      "description": "Replace every occurrence instead of exactly one."}})",
                 R"(["path", "old_string", "new_string"])"),
          &file_tool<&run>};
}

}  // namespace oap::tools
