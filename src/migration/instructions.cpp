#include "migration/instructions.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/frontmatter.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostText = 1U << 20U;
constexpr std::size_t kMostInlined = 8U << 20U;
constexpr std::size_t kMostHops = 4;
constexpr std::size_t kMostImports = 500;

std::string above(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// "```" or "~~~" that opens or closes a block, else "".
std::string_view fence_of(std::string_view line) {
  const std::string_view text = text::trim(line);
  if (!text.starts_with("```") && !text.starts_with("~~~")) {
    return {};
  }
  const std::size_t end = text.find_first_not_of(text[0]);
  return text.substr(0, end);
}

bool may_be_file(std::string_view path) {
  return path.find('/') != std::string_view::npos || path.find('.') != std::string_view::npos;
}

/// What is asked before it is read is not put into a prompt by a line of a file.
bool is_credential(std::string_view path) {
  const std::string name = text::lower_ascii(path.substr(path.rfind('/') + 1));
  static constexpr std::array<std::string_view, 7> kNames = {
      ".netrc",      ".npmrc",           ".pypirc", ".git-credentials",
      "credentials", "credentials.json", ".pgpass"};
  static constexpr std::array<std::string_view, 6> kEnds = {".pem", ".key", ".p12",
                                                            ".pfx", ".jks", ".kdbx"};
  return name.starts_with(".env") || name.starts_with("id_rsa") || name.starts_with("id_ed25519") ||
         name.starts_with("id_ecdsa") ||
         std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

class Inliner {
 public:
  Inliner(const Tree& source, const std::set<std::string>& own, Report& report)
      : source_(source), own_(own), report_(report) {}

  std::string file(const std::string& path, std::string_view from) {
    auto read = source_.read(path, kMostText);
    if (!read) {
      report_.errors.push_back(
          fmt::format("{}: {}", from.empty() ? path : from, read.error().message()));
      return {};
    }
    return text_of(path, std::move(read->text));
  }

 private:
  std::string text_of(const std::string& path, std::string text) {
    if (!text::is_valid_utf8(text) || text.find('\0') != std::string::npos) {
      report_.errors.push_back(fmt::format("{} is no UTF-8 text", path));
      return {};
    }
    const auto real = source_.resolve(path);
    stack_.push_back(real ? *real : path);
    std::string out;
    std::string fence;
    bool comment = false;
    int number = 0;
    for (const std::string_view line : text::split_lines(text)) {
      ++number;
      const std::string_view mark = fence_of(line);
      if (!fence.empty()) {
        if (mark.size() >= fence.size() && mark.starts_with(fence) && text::trim(line) == mark) {
          fence.clear();
        }
        out.append(line).append("\n");
        continue;
      }
      if (comment || text::trim(line).starts_with("<!--")) {
        const std::size_t end = line.find("-->");
        comment = end == std::string_view::npos;
        const std::string_view rest = comment ? std::string_view() : line.substr(end + 3);
        if (text::trim(rest).empty()) {
          continue;
        }
        out += with_imports(path, number, rest) + "\n";
        continue;
      }
      if (!mark.empty()) {
        fence = mark;
        out.append(line).append("\n");
        continue;
      }
      out += with_imports(path, number, line) + "\n";
    }
    stack_.pop_back();
    return out;
  }

  std::string with_imports(const std::string& path, int number, std::string_view line) {
    std::string out;
    std::size_t ticks = 0;
    for (std::size_t i = 0; i < line.size();) {
      if (line[i] == '`') {
        const std::size_t end = std::min(line.find_first_not_of('`', i), line.size());
        const std::size_t run = end - i;
        if (ticks == 0 && line.find(std::string(run, '`'), end) != std::string_view::npos) {
          ticks = run;
        } else if (ticks == run) {
          ticks = 0;
        }
        out += line.substr(i, run);
        i = end;
        continue;
      }
      const bool at_start = i == 0 || text::is_space(line[i - 1]);
      if (ticks != 0 || line[i] != '@' || !at_start) {
        out += line[i++];
        continue;
      }
      std::size_t end = i + 1;
      while (end < line.size() && !text::is_space(line[end])) {
        end += line[end] == '\\' && end + 1 < line.size() ? 2 : 1;
      }
      end = std::min(end, line.size());
      out += import(path, number, line.substr(i, end - i));
      i = end;
    }
    return out;
  }

  /// What stands for "@path".
  std::string import(const std::string& path, int number, std::string_view word) {
    const std::string written(word);
    const std::string place = fmt::format("{}:{}: {}", path, number, text::escape_visible(word));
    std::string to = text::replace_all(word.substr(1), "\\ ", " ");
    if (to.empty() || (!text::is_alpha(to[0]) && !text::is_digit(to[0]) && to[0] != '.' &&
                       to[0] != '_' && to[0] != '~' && to[0] != '/')) {
      return written;
    }
    if (to.starts_with('~')) {
      report_.warnings.push_back(fmt::format(
          "{}: is in the home directory, outside what is imported; left as text", place));
      return written;
    }
    if (to.starts_with('/')) {
      if (!to.starts_with(source_.root() + "/")) {
        return refuse(place, "leads outside what is imported", written);
      }
      to.erase(0, source_.root().size() + 1);
    } else if (const std::string directory = above(path); !directory.empty()) {
      to = directory + "/" + to;
    }
    auto target = inside(to);
    if (!target) {
      return refuse(place, "leads outside what is imported", written);
    }
    std::string tail;
    while (source_.kind(*target) == Kind::kAbsent && !target->empty() &&
           std::string_view(".,;:!?)").find(target->back()) != std::string_view::npos) {
      tail.insert(0, 1, target->back());
      target->pop_back();
    }
    return put_in(*target, place, written, tail);
  }

  std::string put_in(const std::string& target, const std::string& place,
                     const std::string& written, const std::string& tail) {
    const auto real = source_.resolve(target);
    if (!real) {
      return refuse(place, real.error().message(), written);
    }
    if (is_credential(target) || is_credential(*real)) {
      return refuse(place, "is a file of credentials", written);
    }
    const Kind kind = own_.contains(*real) ? Kind::kAbsent : source_.kind(*real);
    if (kind == Kind::kAbsent || kind == Kind::kDirectory) {
      if (may_be_file(target)) {
        report_.warnings.push_back(
            fmt::format("{}: {}; left as text", place,
                        kind == Kind::kAbsent ? "there is no such file" : "is a directory"));
      }
      return written;
    }
    if (std::find(stack_.begin(), stack_.end(), *real) != stack_.end()) {
      return refuse(place, "imports itself in a circle", written);
    }
    if (stack_.size() > kMostHops) {
      report_.warnings.push_back(
          fmt::format("{}: is more than {} imports deep; left as text", place, kMostHops));
      return written;
    }
    if (++imports_ > kMostImports || inlined_ > kMostInlined) {
      return refuse(place, "there are too many imports", written);
    }
    const std::size_t errors = report_.errors.size();
    std::string text = file(target, place);
    if (report_.errors.size() != errors && text.empty()) {
      return written;
    }
    inlined_ += text.size();
    while (text.ends_with('\n')) {
      text.pop_back();
    }
    return text + tail;
  }

  std::string refuse(const std::string& place, std::string_view why, const std::string& written) {
    report_.errors.push_back(fmt::format("{}: {}; left as text", place, why));
    return written;
  }

  const Tree& source_;
  const std::set<std::string>& own_;
  Report& report_;
  std::vector<std::string> stack_;
  std::size_t imports_ = 0;
  std::size_t inlined_ = 0;
};

}  // namespace

std::string inline_imports(const Tree& source, const std::string& path,
                           const std::set<std::string>& own, Report& report) {
  return Inliner(source, own, report).file(path, "");
}

namespace {

constexpr int kDeepest = 8;

void add_rule_texts(const Tree& source, const std::set<std::string>& own,
                    const std::string& directory, int depth, Report& report,
                    std::vector<RuleText>& out) {
  const auto entries = source.list(directory);
  if (!entries || depth > kDeepest) {
    report.errors.push_back(entries ? directory + " is nested too deeply"
                                    : directory + ": " + entries.error().message());
    return;
  }
  for (const Entry& entry : *entries) {
    const std::string path = directory + "/" + entry.name;
    const auto real = source.resolve(path);
    if (!real) {
      report.errors.push_back(real.error().message());
      continue;
    }
    if (source.kind(*real) == Kind::kDirectory) {
      add_rule_texts(source, own, path, depth + 1, report, out);
      continue;
    }
    if (!entry.name.ends_with(".md")) {
      continue;
    }
    std::string text = inline_imports(source, path, own, report);
    if (const auto parts = yaml::split_frontmatter(text, path); parts && parts->body_line > 1) {
      if (const json::Value* const paths = json::find(parts->fields, "paths")) {
        text = fmt::format("These rules are for files that match {}.\n\n{}", json::print(*paths),
                           text::trim(parts->body));
      } else {
        text = parts->body;
      }
    }
    out.push_back({path, entry.name, std::move(text)});
  }
}

}  // namespace

std::vector<RuleText> rule_texts(const Tree& source, const std::set<std::string>& own,
                                 Report& report) {
  std::vector<RuleText> out;
  const std::string directory = ".claude/rules";
  const auto real = source.resolve(directory);
  if (!real || (source.kind(*real) != Kind::kAbsent && !own.contains(*real))) {
    add_rule_texts(source, own, directory, 0, report, out);
  }
  return out;
}

bool is_agents_file(const Tree& source, const std::string& path) {
  if (source.kind("AGENTS.md") != Kind::kFile) {
    return false;
  }
  const auto real = source.resolve(path);
  if (real && *real == "AGENTS.md") {
    return true;
  }
  const auto text = source.read(path, kMostText);
  const std::string_view only = text ? text::trim(text->text) : std::string_view();
  return only == "@AGENTS.md" || only == "@./AGENTS.md";
}

}  // namespace oap::migration
