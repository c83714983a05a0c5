#include "acp/editor_files.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "gateway/upstream/forwarding_upstream.hpp"
#include "text/utf8.hpp"
#include "tools/edit.hpp"
#include "tools/files.hpp"

namespace oap::acp {
namespace {

constexpr std::size_t kMaxBytes = 256U << 10U;
constexpr Millis kPatience{20'000};

std::string argument(const ToolCall& call, std::string_view key) {
  return std::string(json::get_string(call.arguments, key));
}

mcp::Answer<ToolResult> failed(const Error& error) {
  return mcp::Answer<ToolResult>(ToolResult::text(error.to_string(), true));
}

/// Where a file is, found inside the workspace.
struct Found {
  std::string path;  ///< absolute, as the editor names it; no links below the workspace
  std::string shown;
  bool exists = false;
};

class EditorUpstream final : public gateway::ForwardingUpstream {
 public:
  EditorUpstream(std::unique_ptr<gateway::Upstream> server, EditorFiles& files,
                 tools::Workspace workspace, std::string given)
      : ForwardingUpstream(std::move(server)),
        files_(files),
        workspace_(std::move(workspace)),
        given_(std::move(given)) {}

  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override {
    if (call.tool == "read_file" && files_.can_read()) {
      return read(std::move(call), std::move(options));
    }
    if (call.tool == "write_file" && files_.can_write()) {
      return write(std::move(call));
    }
    if (call.tool == "edit_file" && files_.can_write()) {
      return edit(std::move(call));
    }
    return server().call(std::move(call), std::move(options));
  }

 private:
  static Deadline patience(const ToolCall& call) {
    return Deadline::after(kPatience).sooner(call.deadline);
  }

  /// The server reads first: what it refuses is refused.
  Task<mcp::Answer<ToolResult>> read(ToolCall call, mcp::RequestOptions options) {
    const std::string path = argument(call, "path");
    const std::int64_t offset = json::get_int(call.arguments, "offset", 1);
    const std::int64_t limit = json::get_int(call.arguments, "limit", 0);
    const Deadline deadline = patience(call);
    mcp::Answer<ToolResult> answer = co_await server().call(std::move(call), std::move(options));
    if (!answer || answer->is_error) {
      co_return answer;
    }
    const Result<Found> found = find(path);
    if (!found) {
      co_return failed(found.error());
    }
    auto text = co_await files_.read(found->path, deadline);
    if (!text) {
      log::info("acp", "the editor did not read a file; the disk's text counts",
                {{"path", found->shown}, {"why", text.error().message()}});
      co_return answer;
    }
    auto lines = lines_of(*text, offset, limit, found->shown);
    if (!lines) {
      co_return failed(lines.error());
    }
    const bool same = !answer->content.empty() &&
                      json::get_string(answer->content.front(), "text") == lines->text;
    if (same) {
      co_return answer;
    }
    ToolResult result = ToolResult::text(lines->text);
    const std::string remark = "[as it is in the editor, with changes that are not saved]";
    for (const std::string& line : {lines->remark, remark}) {
      if (!line.empty()) {
        result.content.push_back(json::Object{{"type", "text"}, {"text", line}});
      }
    }
    co_return mcp::Answer<ToolResult>(std::move(result));
  }

  Task<mcp::Answer<ToolResult>> write(ToolCall call) {
    const Deadline deadline = patience(call);
    const std::string content = argument(call, "content");
    const Result<Found> found = find(argument(call, "path"));
    if (!found) {
      co_return failed(found.error());
    }
    const Result<void> written = co_await put(*found, content, deadline);
    if (!written) {
      co_return failed(written.error());
    }
    const std::string said =
        fmt::format("{} {} ({} bytes) in the editor{}", found->exists ? "Overwrote" : "Created",
                    found->shown, content.size(), unsaved_remark(*found, content));
    co_return mcp::Answer<ToolResult>(ToolResult::text(said));
  }

  Task<mcp::Answer<ToolResult>> edit(ToolCall call) {
    const Deadline deadline = patience(call);
    const std::string path = argument(call, "path");
    Result<std::string> text = disk_text(path);
    const Result<Found> found = text ? find(path) : Result<Found>(fail(text.error()));
    if (!found) {
      co_return failed(found.error());
    }
    if (files_.can_read()) {
      auto held = co_await files_.read(found->path, deadline);
      if (held) {
        text = *std::move(held);
      }
    }
    auto edited = tools::edit(*text, argument(call, "old_string"), argument(call, "new_string"),
                              json::get_bool(call.arguments, "replace_all"));
    if (!edited) {
      co_return failed(
          Error(edited.error().code(), found->shown + ": " + edited.error().message()));
    }
    const Result<void> written = co_await put(*found, edited->text, deadline);
    if (!written) {
      co_return failed(written.error());
    }
    const std::string said =
        fmt::format("Edited {} in the editor: {} replacement{}, {} line {}{}", found->shown,
                    edited->replacements, edited->replacements == 1 ? "" : "s",
                    edited->replacements == 1 ? "at" : "first at", edited->first_line,
                    unsaved_remark(*found, edited->text));
    co_return mcp::Answer<ToolResult>(ToolResult::text(said));
  }

  Result<Found> find(const std::string& path) const {
    OAP_TRY(const tools::Place place, workspace_.place(path));
    Found found;
    std::error_code problem;
    std::string folder = std::filesystem::read_symlink(
        fmt::format("/proc/self/fd/{}", place.directory.get()), problem);
    if (problem) {
      return fail(Code::kFailedPrecondition, "the folder of {} cannot be named: {}", place.shown,
                  problem.message());
    }
    if (const std::string& root = workspace_.root(); folder.starts_with(root)) {
      folder.replace(0, root.size(), given_);
    }
    found.path = folder + "/" + place.name;
    found.shown = place.shown;
    found.exists = workspace_.open_file(path).has_value();
    return found;
  }

  Result<std::string> disk_text(const std::string& path) const {
    OAP_TRY(const tools::OpenFile file, workspace_.open_file(path));
    OAP_TRY(std::string text, tools::read_all(file, tools::kMaxWholeFile, workspace_.shown(path)));
    if (tools::is_binary(text)) {
      return fail(Code::kInvalidArgument, "{} is a binary file; edit_file changes text files only",
                  workspace_.shown(path));
    }
    return text;
  }

  /// Commands see the disk: the model should know where the editor has not saved.
  std::string unsaved_remark(const Found& found, std::string_view text) const {
    const auto file = workspace_.open_file(found.path);
    const auto there = file ? tools::read_all(*file, tools::kMaxWholeFile, found.shown)
                            : Result<std::string>(fail(file.error()));
    return there && *there == text ? "" : "; it is not saved to the disk yet";
  }

  Task<Result<void>> put(Found found, std::string text, Deadline deadline) {
    const Result<void> written = co_await files_.write(found.path, std::move(text), deadline);
    if (!written) {
      co_return fail(written.error().code(), "{} was not written: {}", found.shown,
                     written.error().message());
    }
    const auto there = workspace_.open_file(found.path);
    if (!there) {
      co_return fail(there.error().code(),
                     "the editor says that it wrote {}, but it cannot be opened here: {}",
                     found.shown, there.error().message());
    }
    co_return Result<void>{};
  }

  EditorFiles& files_;
  tools::Workspace workspace_;
  std::string given_;  // the workspace as the editor names it
};

}  // namespace

std::unique_ptr<gateway::Upstream> with_editor(std::unique_ptr<gateway::Upstream> server,
                                               EditorFiles& files, tools::Workspace workspace,
                                               std::string given) {
  return std::make_unique<EditorUpstream>(std::move(server), files, std::move(workspace),
                                          std::move(given));
}

Result<Lines> lines_of(std::string_view text, std::int64_t offset, std::int64_t limit,
                       std::string_view shown) {
  std::int64_t line = 1;
  std::size_t start = 0;
  while (line < offset && start < text.size()) {
    const std::size_t end = text.find('\n', start);
    start = end == std::string_view::npos ? text.size() : end + 1;
    ++line;
  }
  if (offset > 1 && start >= text.size()) {
    const auto breaks = std::count(text.begin(), text.end(), '\n');
    return fail(Code::kInvalidArgument, "{} has only {} lines, so none from line {} on", shown,
                breaks + (text.empty() || text.ends_with('\n') ? 0 : 1), offset);
  }
  std::size_t end = start;
  std::int64_t taken = 0;
  while (end < text.size() && (limit <= 0 || taken < limit)) {
    const std::size_t next = text.find('\n', end);
    const std::size_t after = next == std::string_view::npos ? text.size() : next + 1;
    if (after - start > kMaxBytes) {
      break;
    }
    end = after;
    ++taken;
  }
  Lines out{std::string(text.substr(start, end - start)), ""};
  const bool all = end >= text.size() || (limit > 0 && taken >= limit);
  if (!all && taken == 0) {
    out.text = text::truncate_utf8(text.substr(start), kMaxBytes);
    out.remark =
        fmt::format("[line {} of {} is cut after {} bytes]", offset, shown, out.text.size());
  } else if (!all) {
    out.remark = fmt::format("[{} is cut after {} bytes; read on with offset {}]", shown,
                             out.text.size(), offset + taken);
  }
  return out;
}

}  // namespace oap::acp
