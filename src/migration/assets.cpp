#include "migration/assets.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "json/print.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/frontmatter.hpp"

namespace oap::migration {
namespace {

constexpr std::size_t kMostFile = 16U << 20U;
constexpr std::size_t kMostBytes = 128U << 20U;
constexpr std::size_t kMostFiles = 5'000;
constexpr int kMostDepth = 16;

bool is_good_name(std::string_view name) {
  return text::is_valid_utf8(name) && text::escape_visible(name) == name && name.size() < 200;
}

/// Walks one directory of the source.
class Walk {
 public:
  using Take = std::function<void(const std::string& path, FileText file)>;

  Walk(const Tree& source, Report& report, Take take)
      : source_(source), report_(report), take_(std::move(take)) {}

  /// `path` as it is reached, links not resolved.
  void directory(const std::string& path, int depth) {
    const auto real = source_.resolve(path);
    if (!real) {
      return refuse(path, real.error().message());
    }
    if (depth > kMostDepth || on_the_way_.contains(*real)) {
      return refuse(path, depth > kMostDepth ? "is nested too deeply" : "leads back to itself");
    }
    const auto entries = source_.list(path);
    if (!entries) {
      return refuse(path, entries.error().message());
    }
    on_the_way_.insert(*real);
    for (const Entry& entry : *entries) {
      if (!is_good_name(entry.name)) {
        refuse(path, "holds a name that is no plain UTF-8: " + text::escape_visible(entry.name));
        continue;
      }
      one(path + "/" + entry.name, depth);
    }
    on_the_way_.erase(*real);
  }

  void one(const std::string& path, int depth) {
    const auto real = source_.resolve(path);
    if (!real) {
      return refuse(path, real.error().message());
    }
    switch (source_.kind(*real)) {
      case Kind::kDirectory:
        return directory(path, depth + 1);
      case Kind::kFile:
        return file(path);
      case Kind::kAbsent:
        return refuse(path, "is a symbolic link that leads nowhere");
      case Kind::kLink:
      case Kind::kOther:
        return refuse(path, "is no regular file");
    }
  }

 private:
  void refuse(const std::string& path, std::string_view why) {
    const std::string shown = text::escape_visible(path);
    report_.errors.push_back(why.starts_with(shown) ? std::string(why)
                                                    : fmt::format("{}: {}", shown, why));
  }

  void file(const std::string& path) {
    if (++files_ > kMostFiles || bytes_ > kMostBytes) {
      if (!std::exchange(full_, true)) {
        refuse(path, fmt::format("there are more than {} files or {} bytes here; the rest is left "
                                 "out",
                                 kMostFiles, kMostBytes));
      }
      return;
    }
    auto read = source_.read(path, kMostFile);
    if (!read) {
      return refuse(path, read.error().message());
    }
    bytes_ += read->text.size();
    take_(path, *std::move(read));
  }

  const Tree& source_;
  Report& report_;
  Take take_;
  std::set<std::string> on_the_way_;
  std::size_t files_ = 0;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

bool is_directory(const Tree& source, const std::string& path, Report& report) {
  const auto real = source.resolve(path);
  if (!real) {
    report.errors.push_back(real.error().message());
    return false;
  }
  const Kind kind = source.kind(*real);
  if (kind != Kind::kDirectory && kind != Kind::kAbsent) {
    report.errors.push_back(fmt::format("{} is no directory", path));
  }
  return kind == Kind::kDirectory;
}

/// The first line that says something.
std::string first_line(std::string_view body) {
  for (const std::string_view line : text::split_lines(body)) {
    std::string_view text = text::trim(line);
    text.remove_prefix(std::min(text.find_first_not_of("# "), text.size()));
    if (!text.empty()) {
      return std::string(text::truncate_utf8(text, 200));
    }
  }
  return "";
}

/// Takes Markdown files of one folder over, as they are.
int plan_markdown(const Tree& source, const std::string& from, const std::string& to,
                  const std::function<bool(const std::string&, const FileText&)>& check, Plan& plan,
                  Report& report) {
  if (!is_directory(source, from, report)) {
    return 0;
  }
  int count = 0;
  Walk(source, report, [&](const std::string& path, FileText file) {
    if (!path.ends_with(".md")) {
      report.not_carried.push_back({path, path, "is no Markdown file"});
    } else if (!text::is_valid_utf8(file.text)) {
      report.errors.push_back(fmt::format("{} is no UTF-8 text", path));
    } else if (check(path, file)) {
      ++count;
      plan.files.push_back(
          {to + path.substr(from.size()), std::move(file.text), false, false, false});
    }
  }).directory(from, 0);
  return count;
}

}  // namespace

std::string with_skill_head(std::string_view text, std::string_view name) {
  const auto parts = yaml::split_frontmatter(text, "skill");
  if (!parts) {
    return std::string(text);
  }
  std::string lines;
  if (!parts->fields.contains("name")) {
    lines += fmt::format("name: {}\n", json::quote(name));
  }
  if (!parts->fields.contains("description")) {
    std::string description = first_line(parts->body);
    lines += fmt::format("description: {}\n",
                         json::quote(description.empty() ? std::string(name) : description));
  }
  if (lines.empty()) {
    return std::string(text);
  }
  const std::string_view bare = text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
  if (parts->body_line == 1) {
    return fmt::format("---\n{}---\n\n{}", lines, bare);
  }
  const std::size_t behind = bare.find('\n') + 1;
  return std::string(bare.substr(0, behind)) + lines + std::string(bare.substr(behind));
}

int plan_skills(const Tree& source, Plan& plan, Report& report) {
  const std::string from = ".claude/skills";
  const std::string to = ".opencode/skills";
  if (!is_directory(source, from, report)) {
    return 0;
  }
  std::set<std::string> skills;
  std::vector<PlannedFile> flat;
  Walk(source, report, [&](const std::string& path, FileText file) {
    const std::string below = path.substr(from.size() + 1);
    if (below.find('/') == std::string::npos) {
      if (!below.ends_with(".md")) {
        report.not_carried.push_back({path, path, "is no skill: neither a directory nor Markdown"});
      } else if (!text::is_valid_utf8(file.text)) {
        report.errors.push_back(fmt::format("{} is no UTF-8 text", path));
      } else {
        const std::string name = below.substr(0, below.size() - 3);
        flat.push_back({fmt::format("{}/{}/SKILL.md", to, name), with_skill_head(file.text, name),
                        false, false, false});
      }
      return;
    }
    const bool head = below.ends_with("/SKILL.md");
    if (head && !text::is_valid_utf8(file.text)) {
      report.errors.push_back(fmt::format("{} is no UTF-8 text", path));
      return;
    }
    if (head) {
      skills.insert(below.substr(0, below.find('/')));
      if (const auto parts = yaml::split_frontmatter(file.text, path); !parts) {
        report.warnings.push_back(parts.error().message() + "; taken as it is");
      }
    }
    plan.files.push_back({to + "/" + below, std::move(file.text), file.executable, false, false});
  }).directory(from, 0);
  for (PlannedFile& file : flat) {
    const std::string name = file.path.substr(to.size() + 1, file.path.rfind('/') - to.size() - 1);
    if (!skills.insert(name).second) {
      report.not_carried.push_back({fmt::format("{}/{}.md", from, name), from,
                                    "the skill in the directory of that name wins"});
      continue;
    }
    report.warnings.push_back(
        fmt::format("{}/{}.md: Claude Code loads skills from directories only; it is {} here", from,
                    name, file.path));
    plan.files.push_back(std::move(file));
  }
  return static_cast<int>(skills.size());
}

int plan_commands(const Tree& source, Plan& plan, Report& report) {
  return plan_markdown(
      source, ".claude/commands", ".opencode/commands",
      [&](const std::string& path, const FileText& file) {
        if (const auto parts = yaml::split_frontmatter(file.text, path); !parts) {
          report.warnings.push_back(parts.error().message() + "; taken as it is");
        }
        return true;
      },
      plan, report);
}

int plan_agents(const Tree& source, Plan& plan, Report& report) {
  return plan_markdown(
      source, ".claude/agents", ".opencode/agents",
      [&](const std::string& path, const FileText& file) {
        const auto parts = yaml::split_frontmatter(file.text, path);
        const bool named = parts && !json::get_string(parts->fields, "name").empty() &&
                           !json::get_string(parts->fields, "description").empty();
        if (!named) {
          report.not_carried.push_back(
              {path, path,
               parts ? "an agent needs name and description" : parts.error().message()});
        }
        return named;
      },
      plan, report);
}

}  // namespace oap::migration
