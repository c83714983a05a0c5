#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/run_blocking.hpp"
#include "os/fd.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "tools/entry.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMostAtOnce = 32U << 10U;
constexpr std::size_t kMostLines = 200;

/// "ses_…/out_…": two plain words, so that no handle leads out of the folder.
bool is_handle(std::string_view handle) {
  const std::size_t slash = handle.find('/');
  const auto is_id = [](std::string_view word, std::string_view prefix) {
    return word.size() > prefix.size() && word.size() <= 64 && word.starts_with(prefix) &&
           std::all_of(word.begin(), word.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || text::is_digit(c) || c == '_';
           });
  };
  return slash != std::string_view::npos && is_id(handle.substr(0, slash), "ses_") &&
         is_id(handle.substr(slash + 1), "out_");
}

struct Piece {
  std::string text;
  std::int64_t size = 0;
};

Result<Piece> read_at(const std::string& path, std::int64_t offset, std::size_t most) {
  const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Code::kNotFound,
                "there is no output of this handle; it may have been removed with its session");
  }
  Piece piece{std::string(most, '\0'), info.st_size};
  std::size_t have = 0;
  while (have < most) {
    const ssize_t got = ::pread(fd.get(), piece.text.data() + have, most - have,
                                offset + static_cast<std::int64_t>(have));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  piece.text.resize(have);
  return piece;
}

ToolResult part(std::string_view text, std::int64_t offset, std::int64_t size) {
  std::size_t skip = 0;
  while (skip < text.size() && skip < 3 &&
         (static_cast<unsigned char>(text[skip]) & 0xC0U) == 0x80U) {
    ++skip;
  }
  const std::string_view kept =
      text::truncate_utf8(text.substr(skip), std::max<std::size_t>(text.size() - skip, 4) - 3);
  const bool to_the_end = offset + static_cast<std::int64_t>(text.size()) >= size;
  const std::string_view shown = to_the_end ? text.substr(skip) : kept;
  const std::int64_t next = offset + static_cast<std::int64_t>(skip + shown.size());
  ToolResult result = ToolResult::text(text::sanitize_utf8(shown));
  add_remark(result, next >= size ? fmt::format("[the end, byte {}]", size)
                                  : fmt::format("[bytes {} to {} of {}; go on with offset {}]",
                                                offset, next, size, next));
  return result;
}

ToolResult search(std::string_view text, std::string_view wanted) {
  std::string lines;
  std::size_t found = 0;
  std::size_t at = 0;
  for (const std::string_view line : text::split_lines(text)) {
    const auto offset = static_cast<std::size_t>(line.data() - text.data());
    if (text::contains(text::lower_ascii(line), wanted)) {
      if (++found <= kMostLines && lines.size() < kMostAtOnce) {
        lines += fmt::format("{}: {}\n", offset, text::truncate_utf8(line, 500));
        at = found;
      }
    }
  }
  ToolResult result =
      ToolResult::text(found == 0 ? "no line holds it" : text::sanitize_utf8(lines));
  add_remark(result, at < found ? fmt::format("[{} of {} lines; byte offset first]", at, found)
                                : std::string("[byte offset first]"));
  return result;
}

Result<ToolResult> read(const std::string& folder, const json::Value& arguments) {
  const std::string handle(json::get_string(arguments, "handle"));
  if (!is_handle(handle) || folder.empty()) {
    return fail(Code::kInvalidArgument, "'{}' is no handle; it is named in the result that was cut",
                text::escape_visible(handle));
  }
  const std::string path = folder + "/" + handle + ".txt";
  const std::string wanted = text::lower_ascii(json::get_string(arguments, "pattern"));
  if (!wanted.empty()) {
    OAP_TRY(const std::string text, os::read_file(path));
    return search(text, wanted);
  }
  const std::int64_t offset = std::max<std::int64_t>(json::get_int(arguments, "offset", 0), 0);
  const auto limit = static_cast<std::size_t>(
      std::clamp<std::int64_t>(json::get_int(arguments, "limit", kMostAtOnce), 16, kMostAtOnce));
  OAP_TRY(const Piece piece, read_at(path, offset, limit));
  if (offset > 0 && offset >= piece.size) {
    return fail(Code::kInvalidArgument, "the output has only {} bytes", piece.size);
  }
  return part(piece.text, offset, piece.size);
}

class ReadOutput final : public mcp::Tool {
 public:
  ReadOutput(json::Object definition, std::shared_ptr<const Shared> shared)
      : definition_(std::move(definition)), shared_(std::move(shared)) {}
  const json::Object& definition() const override { return definition_; }
  Task<ToolResult> call(json::Object arguments, mcp::CallContext /*context*/) override {
    const auto& agent = shared_->context.agent;
    auto work = [folder = agent ? agent->outputs_dir : std::string(),
                 given = json::Value(std::move(arguments))] { return read(folder, given); };
    auto result = co_await async::run_blocking(*shared_->blocking, std::move(work));
    if (!result) {
      co_return ToolResult::text(result.error().to_string(), true);
    }
    co_return *std::move(result);
  }

 private:
  json::Object definition_;
  std::shared_ptr<const Shared> shared_;  // with the other tools
};

std::unique_ptr<mcp::Tool> make(json::Object definition, std::shared_ptr<const Shared> shared) {
  return std::make_unique<ReadOutput>(std::move(definition), std::move(shared));
}

}  // namespace

Entry read_output() {
  return {define("read_output", "Read on in a long result", Effect::kReads, R"({
    "handle": {"type": "string", "minLength": 1, "maxLength": 200,
      "description": "As the cut result names it: ses_…/out_…"},
    "offset": {"type": "integer", "minimum": 0, "description": "The byte to begin with."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 32768, "description": "Bytes at most."},
    "pattern": {"type": "string", "maxLength": 500,
      "description": "Instead: the lines that hold this text, whatever the case."}})",
                 R"(["handle"])"),
          &make};
}

}  // namespace oap::tools
