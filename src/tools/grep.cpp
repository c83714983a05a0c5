#include <algorithm>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "text/glob.hpp"
#include "text/regex.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "tools/entry.hpp"
#include "tools/exclusion.hpp"
#include "tools/files.hpp"
#include "tools/walk.hpp"

namespace oap::tools {
namespace {

constexpr std::size_t kMaxMatches = 1000;
constexpr std::size_t kMaxOutput = 128 * 1024;
constexpr std::size_t kMaxLine = 500;

/// The lines found so far, in the form of grep(1).
class Findings {
 public:
  Findings(text::Regex regex, std::size_t context) : regex_(std::move(regex)), context_(context) {}

  bool full() const { return matches_ >= kMaxMatches || text_.size() >= kMaxOutput; }
  std::size_t matches() const { return matches_; }
  std::size_t files() const { return files_; }
  const std::string& text() const { return text_; }

  void search(std::string_view text, const std::string& path, const std::stop_token& stop) {
    const std::vector<std::string_view> lines = text::split_lines(text);
    std::size_t printed = 0;  // lines up to here are out
    bool first = true;
    for (std::size_t i = 0; i < lines.size() && !full(); ++i) {
      if (i % 1024 == 0 && stop.stop_requested()) {
        return;
      }
      if (!regex_.search(lines[i])) {
        continue;
      }
      files_ += first ? 1 : 0;
      const std::size_t from = std::max(printed, i < context_ ? 0 : i - context_);
      if (context_ > 0 && !text_.empty() && (first || from > printed)) {
        text_ += "\n--";
      }
      for (std::size_t before = from; before < i; ++before) {
        line(path, before, lines[before], '-');
      }
      line(path, i, lines[i], ':');
      ++matches_;
      printed = i + 1;
      const std::size_t to = std::min(lines.size(), i + 1 + context_);
      while (printed < to && !regex_.search(lines[printed])) {
        line(path, printed, lines[printed], '-');
        ++printed;
      }
      first = false;
    }
  }

 private:
  void line(const std::string& path, std::size_t index, std::string_view content, char mark) {
    const std::string_view cut = text::truncate_utf8(content, kMaxLine);
    text_ += fmt::format("{}{}{}{}{}{}{}", text_.empty() ? "" : "\n", path, mark, index + 1, mark,
                         cut, cut.size() < content.size() ? " […]" : "");
  }

  text::Regex regex_;
  std::size_t context_;
  std::string text_;
  std::size_t matches_ = 0;
  std::size_t files_ = 0;
};

/// Searches one open file; counts it as passed over where it is too large.
void search_file(const OpenFile& file, const std::string& shown, Findings& findings,
                 std::size_t& too_large, const std::stop_token& stop) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return;
  }
  const auto text = read_all(file, kMaxWholeFile, shown);
  if (!text) {
    too_large += text.error().code() == Code::kResourceExhausted ? 1 : 0;
    return;
  }
  if (!is_binary(*text)) {
    findings.search(*text, shown, stop);
  }
}

WalkEnd search_tree(const OpenFile& start, const std::string& prefix,
                    const std::optional<text::Glob>& glob, const WalkOptions& options,
                    Findings& findings, std::size_t& too_large, const std::stop_token& stop) {
  return walk(start, options, stop, [&](const WalkEntry& entry) {
    const bool wanted = !glob || glob->matches(entry.path) || glob->matches(entry.name);
    if (entry.is_directory || entry.is_link || !wanted) {
      return true;
    }
    const OpenFile file(::openat(entry.directory, entry.name.c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file) {
      search_file(file, printable(prefix + entry.path), findings, too_large, stop);
    }
    return !findings.full();
  });
}

Result<ToolResult> run(const Workspace& workspace, const json::Value& arguments,
                       const std::stop_token& stop) {
  const std::string path(json::get_string(arguments, "path", "."));
  text::RegexOptions regex_options;
  regex_options.case_insensitive = json::get_bool(arguments, "ignore_case");
  OAP_TRY(text::Regex regex,
          text::Regex::compile(json::get_string(arguments, "pattern"), regex_options));
  std::optional<text::Glob> glob;
  const std::string_view filter = json::get_string(arguments, "glob");
  if (!filter.empty()) {
    OAP_TRY(glob, text::Glob::compile(filter));
  }
  Findings findings(std::move(regex),
                    static_cast<std::size_t>(json::get_int(arguments, "context", 0)));
  const std::string shown = workspace.shown(path);
  std::size_t too_large = 0;
  OAP_TRY(Exclusion exclusion, Exclusion::open(workspace, arguments, path));
  WalkOptions options;
  options.leave_out = [&](const WalkEntry& entry) { return exclusion.leaves_out(entry.path); };
  std::erase_if(options.skip, [&](const std::string& name) {
    return filter.find(name) != std::string_view::npos;
  });
  WalkEnd end = WalkEnd::kComplete;
  const auto is_directory = workspace.is_directory(path);
  if (!is_directory) {
    return fail(exclusion.without_hints(is_directory.error()));
  }
  if (*is_directory) {
    OAP_TRY(const OpenFile start, workspace.open_directory(path));
    const std::string prefix = shown == "." ? "" : shown + (shown.ends_with('/') ? "" : "/");
    end = search_tree(start, prefix, glob, options, findings, too_large, stop);
  } else {
    OAP_TRY(const OpenFile file, workspace.open_file(path));
    search_file(file, shown, findings, too_large, stop);
  }
  ToolResult result =
      ToolResult::text(findings.matches() == 0 ? "no matches" : std::string_view(findings.text()));
  if (findings.full()) {
    add_remark(result, fmt::format("[stopped after {} matches; narrow the pattern, path or glob]",
                                   findings.matches()));
  }
  if (too_large > 0) {
    add_remark(result, fmt::format("[{} file(s) larger than {} MiB were passed over]", too_large,
                                   kMaxWholeFile >> 20U));
  }
  add_remark(result, remark(end, options));
  add_remark(result, exclusion.remark());
  return result;
}

}  // namespace

Entry grep() {
  return {define("grep", "Search in files", Effect::kReads, R"({
    "pattern": {"type": "string", "minLength": 1, "maxLength": 4096,
      "description": "A regular expression in RE2 syntax, matched against each line."},
    "path": {"type": "string", "minLength": 1, "default": ".",
      "description": "The file or directory to search; the workspace where absent."},
    "glob": {"type": "string", "minLength": 1, "maxLength": 2048,
      "description": "Search only files whose name or path below `path` matches, e.g. *.cpp."},
    "ignore_case": {"type": "boolean", "default": false,
      "description": "Take upper and lower case as the same."},
    "context": {"type": "integer", "minimum": 0, "maximum": 20, "default": 0,
      "description": "How many lines to show before and after each match."},
    "exclude": {"type": "array", "maxItems": 4096, "items": {"type": "string", "maxLength": 2048},
      "description": "Patterns of files to leave out; policy adds its own"}})",
                 R"(["pattern"])"),
          &file_tool<&run>};
}

}  // namespace oap::tools
