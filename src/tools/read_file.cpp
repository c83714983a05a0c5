#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/utf8.hpp"
#include "tools/entry.hpp"
#include "tools/files.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;
constexpr std::size_t kChunk = 64 * 1024;

/// Collects the wanted lines from a stream of chunks.
class Lines {
 public:
  Lines(std::int64_t offset, std::int64_t limit) : offset_(offset), limit_(limit) {}

  /// False when no more is wanted.
  bool take(std::string_view chunk) {
    while (!chunk.empty() && !full_) {
      const std::size_t end = chunk.find('\n');
      const std::string_view piece =
          chunk.substr(0, end == std::string_view::npos ? chunk.size() : end + 1);
      chunk.remove_prefix(piece.size());
      begun_ = true;
      if (line_ >= offset_) {
        text_ += piece;
        full_ = text_.size() > kMaxBytes;
      }
      if (piece.back() == '\n') {
        ++line_;
        begun_ = false;
        full_ = full_ || (limit_ > 0 && line_ - offset_ >= limit_);
      }
    }
    return !full_;
  }
  std::int64_t lines_seen() const { return line_ - 1 + (begun_ ? 1 : 0); }
  std::string text_;

 private:
  std::int64_t offset_;
  std::int64_t limit_;
  std::int64_t line_ = 1;
  bool begun_ = false;
  bool full_ = false;
};

std::string cut_remark(std::string& text, std::int64_t offset, std::string_view shown) {
  if (text.size() <= kMaxBytes) {
    return "";
  }
  const std::size_t line_end = text.rfind('\n', kMaxBytes - 1);
  const bool whole_lines = line_end != std::string::npos;
  text.resize(whole_lines ? line_end + 1 : text::truncate_utf8(text, kMaxBytes).size());
  const auto lines = std::count(text.begin(), text.end(), '\n');
  return whole_lines
             ? fmt::format("[{} is cut after {} bytes; read on with offset {}]", shown, text.size(),
                           offset + lines)
             : fmt::format("[line {} of {} is cut after {} bytes]", offset, shown, text.size());
}

Result<ToolResult> run(const Workspace& workspace, const json::Value& arguments,
                       const std::stop_token& stop) {
  const std::string path(json::get_string(arguments, "path"));
  const std::int64_t offset = json::get_int(arguments, "offset", 1);
  OAP_TRY(const OpenFile file, workspace.open_file(path));
  const std::string shown = workspace.shown(path);

  Lines lines(offset, json::get_int(arguments, "limit", 0));
  std::string chunk(kChunk, '\0');
  for (bool first = true, more = true; more; first = false) {
    if (stop.stop_requested()) {
      return fail(Code::kCancelled, "reading {} was cancelled", shown);
    }
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0) {
      return fail(Code::kFailedPrecondition, "{} cannot be read: {}", shown, std::strerror(errno));
    }
    const std::string_view piece(chunk.data(), static_cast<std::size_t>(got));
    if (first && is_binary(piece)) {
      return fail(Code::kInvalidArgument,
                  "{} is a binary file ({} bytes); look at it with bash, e.g. file or xxd", shown,
                  size_of(file));
    }
    more = got > 0 && lines.take(piece);
  }
  if (offset > 1 && offset > lines.lines_seen()) {
    return fail(Code::kInvalidArgument, "{} has only {} lines, so none from line {} on", shown,
                lines.lines_seen(), offset);
  }
  const std::string remark = cut_remark(lines.text_, offset, shown);
  ToolResult result = ToolResult::text(lines.text_);
  add_remark(result, remark);
  if (!text::is_valid_utf8(lines.text_)) {
    add_remark(result, fmt::format("[{} is not valid UTF-8; the bytes that are not are shown as "
                                   "U+FFFD]",
                                   shown));
  }
  return result;
}

}  // namespace

Entry read_file() {
  return {define("read_file", "Read a file", Effect::kReads, R"({
    "path": {"type": "string", "minLength": 1,
      "description": "The file, relative to the workspace, or an absolute path inside it."},
    "offset": {"type": "integer", "minimum": 1,
      "description": "The line to begin with; the first line is 1."},
    "limit": {"type": "integer", "minimum": 1,
      "description": "How many lines to return; all where absent."}})",
                 R"(["path"])"),
          &file_tool<&run>};
}

}  // namespace oap::tools
