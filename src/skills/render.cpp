#include "skills/render.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

constexpr std::size_t kMostListedFiles = 50;
constexpr std::size_t kMostDescription = 400;

std::vector<std::string> words_of(std::string_view arguments) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = 0;
  for (const char c : arguments) {
    if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? '\0' : c;
      open = true;
    } else if (quote == 0 && text::is_space(c)) {
      if (open) {
        words.push_back(std::move(word));
        word.clear();
      }
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) {
    words.push_back(std::move(word));
  }
  return words;
}

/// Fills one body in one pass, so that what is filled in is never looked at again.
class Filler {
 public:
  Filler(const Entry& entry, std::string_view arguments, const RenderContext& context)
      : body_(entry.skill.body),
        arguments_(text::trim(arguments)),
        words_(words_of(arguments_)),
        names_(entry.skill.arguments) {
    variables_ = {{"${CLAUDE_SKILL_DIR}", entry.folder},
                  {"${CLAUDE_PROJECT_DIR}", context.workspace},
                  {"${CLAUDE_SESSION_ID}", context.session_id}};
  }

  std::string fill() {
    while (at_ < body_.size()) {
      if (body_[at_] == '\\' && body_.substr(at_).starts_with("\\$")) {
        out_ += '$';
        at_ += 2;
      } else if (body_[at_] != '$' || !dollar()) {
        out_ += body_[at_++];
      }
    }
    if (!used_ && !arguments_.empty()) {
      out_ += fmt::format("{}\nARGUMENTS: {}\n", out_.ends_with('\n') ? "" : "\n", arguments_);
    }
    return std::move(out_);
  }

 private:
  bool put(std::string_view text, std::size_t length, bool is_argument) {
    out_ += text;
    at_ += length;
    used_ = used_ || is_argument;
    return true;
  }
  std::string word(std::size_t index) const { return index < words_.size() ? words_[index] : ""; }

  bool dollar() {
    const std::string_view rest = body_.substr(at_);
    for (const auto& [name, value] : variables_) {
      if (rest.starts_with(name)) {
        return put(value, name.size(), false);
      }
    }
    constexpr std::string_view kAll = "$ARGUMENTS";
    if (rest.starts_with(kAll)) {
      std::size_t index = 0;
      const char* const first = rest.data() + kAll.size() + 1;
      const char* const last = rest.data() + rest.size();
      if (rest.size() > kAll.size() + 1 && rest[kAll.size()] == '[') {
        const auto [end, error] = std::from_chars(first, last, index);
        if (error == std::errc() && end != last && *end == ']') {
          return put(word(index), static_cast<std::size_t>(end + 1 - rest.data()), true);
        }
      }
      return put(arguments_, kAll.size(), true);
    }
    return !arguments_.empty() && (number(rest) || named(rest));
  }

  bool number(std::string_view rest) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
    const auto length = static_cast<std::size_t>(end - rest.data());
    return error == std::errc() && length <= 3 && put(word(index), length, true);
  }

  bool named(std::string_view rest) {
    std::size_t end = 1;
    while (end < rest.size() &&
           (text::is_alpha(rest[end]) || text::is_digit(rest[end]) || rest[end] == '_')) {
      ++end;
    }
    const auto found = std::find(names_.begin(), names_.end(), rest.substr(1, end - 1));
    return found != names_.end() &&
           put(word(static_cast<std::size_t>(found - names_.begin())), end, true);
  }

  std::string_view body_;
  std::string arguments_;
  std::vector<std::string> words_;
  const std::vector<std::string>& names_;
  std::map<std::string, std::string> variables_;
  std::string out_;
  std::size_t at_ = 0;
  bool used_ = false;
};

std::string line_of(const Skill& skill, std::size_t most) {
  std::string about = skill.description;
  if (!skill.when_to_use.empty()) {
    about += " " + skill.when_to_use;
  }
  about = text::escape_visible(about);
  std::string_view kept = text::truncate_utf8(about, most);
  std::string line = "- " + skill.name;
  if (most > 0 && !kept.empty()) {
    line += fmt::format(": {}{}", kept, kept.size() < about.size() ? "…" : "");
  }
  if (most > 0 && !skill.argument_hint.empty()) {
    line += fmt::format(" (arguments: {})", text::escape_visible(skill.argument_hint));
  }
  return line + "\n";
}

}  // namespace

std::string render(const Entry& entry, std::string_view arguments, const RenderContext& context) {
  const Skill& skill = entry.skill;
  std::string out = fmt::format("<skill name=\"{}\" folder=\"{}\">\n", skill.name,
                                text::escape_visible(entry.folder));
  out += Filler(entry, arguments, context).fill();
  out += out.ends_with('\n') ? "</skill>\n" : "\n</skill>\n";
  if (entry.files.files.size() > 1) {
    out += "Files of the skill (relative to its folder):\n";
    std::size_t listed = 0;
    for (const FolderFile& file : entry.files.files) {
      if (file.path != "SKILL.md" && listed++ < kMostListedFiles) {
        out += fmt::format("- {} ({} bytes)\n", file.path, file.text.size());
      }
    }
    if (listed > kMostListedFiles) {
      out += fmt::format("- and {} more\n", listed - kMostListedFiles);
    }
  }
  if (!skill.allowed_tools.empty()) {
    out += fmt::format("While you follow it, only these tools may be used: {}.\n",
                       text::join(skill.allowed_tools, ", "));
  }
  return out;
}

std::string listing(const Library& library, std::size_t budget) {
  std::vector<const Skill*> skills;
  for (const Entry& entry : library.entries) {
    if (entry.state == Entry::State::kReady && entry.skill.model_may_call) {
      skills.push_back(&entry.skill);
    }
  }
  for (std::size_t most :
       {kMostDescription, std::size_t{200}, std::size_t{100}, std::size_t{50}, std::size_t{0}}) {
    std::string all;
    for (const Skill* const skill : skills) {
      all += line_of(*skill, most);
    }
    if (all.size() <= budget) {
      return all;
    }
  }
  std::string all;
  std::size_t listed = 0;
  for (const Skill* const skill : skills) {
    std::string line = line_of(*skill, 0);
    constexpr std::size_t kRoomForCount = 60;
    if (all.size() + line.size() + kRoomForCount > budget) {
      break;
    }
    all += line;
    ++listed;
  }
  return all + fmt::format("- and {} more: call skill without a name\n", skills.size() - listed);
}

std::string overview(const Library& library) {
  std::string out;
  for (const Entry& entry : library.entries) {
    if (entry.state == Entry::State::kReady) {
      out += line_of(entry.skill, kMostDescription);
    }
  }
  for (const Entry& entry : library.entries) {
    if (entry.state == Entry::State::kUntrusted || entry.state == Entry::State::kQuarantined) {
      out += fmt::format("- {} ({}: {})\n", entry.skill.name, to_string(entry.state), entry.why);
    }
  }
  for (const std::string& problem : library.problems) {
    out += fmt::format("- {}\n", text::escape_visible(problem));
  }
  return out.empty() ? "There are no skills here. They are folders with a SKILL.md in "
                       ".opencode/skills, .agents/skills or .claude/skills.\n"
                     : out;
}

}  // namespace oap::skills
