#include "session/commands.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "os/file.hpp"
#include "skills/tool_list.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/frontmatter.hpp"

namespace oap::session {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 1'000;
constexpr std::size_t kMostBytes = 256U << 10U;
constexpr int kMostDepth = 8;

bool is_name_char(char c) {
  return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-' || c == ':' || c == '.';
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), is_name_char);
}

/// Collects the commands of one folder after another; the first of a name stays.
class Finder {
 public:
  void folder(const fs::path& root) { walk(root, "", 0); }
  CommandListing take() {
    for (auto& [name, command] : found_) {
      listing_.commands.push_back(std::move(command));
    }
    return std::move(listing_);
  }

 private:
  void leave_out(const fs::path& path, std::string_view why) {
    listing_.problems.push_back(fmt::format("the command file {} is left out: {}",
                                            text::escape_visible(path.string()), why));
  }

  void walk(const fs::path& folder, const std::string& prefix, int depth) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(folder, error);
    if (error || !fs::exists(status)) {
      return;
    }
    if (fs::is_symlink(status)) {
      return leave_out(folder, "it is a symbolic link");
    }
    const auto names = os::list_dir(folder.string());
    if (!names) {
      return leave_out(folder, names.error().message());
    }
    for (const std::string& name : *names) {
      if (++seen_ > kMostFiles) {
        return leave_out(folder / name, fmt::format("there are more than {} files", kMostFiles));
      }
      entry(folder / name, prefix, name, depth);
    }
  }

  void entry(const fs::path& path, const std::string& prefix, const std::string& name, int depth) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    if (fs::is_symlink(status)) {
      return leave_out(path, "it is a symbolic link");
    }
    if (fs::is_directory(status)) {
      if (depth < kMostDepth && is_name(name)) {
        walk(path, prefix + name + ":", depth + 1);
      } else {
        leave_out(path, "it is too deep or its name is no command's");
      }
      return;
    }
    if (!name.ends_with(".md")) {
      return;
    }
    const std::string command = prefix + name.substr(0, name.size() - 3);
    if (!fs::is_regular_file(status) || !is_name(command)) {
      return leave_out(path, "it is no file, or its name is no command's (letters, digits, - _ .)");
    }
    if (found_.contains(text::lower_ascii(command))) {
      return;
    }
    const auto text = os::read_file(path.string(), kMostBytes);
    if (!text) {
      return leave_out(path, text.error().message());
    }
    auto parsed = parse_command(*text, command, path.string());
    if (!parsed) {
      return leave_out(path, parsed.error().message());
    }
    found_.emplace(text::lower_ascii(command), *std::move(parsed));
  }

  CommandListing listing_;
  std::map<std::string, CommandDefinition> found_;
  std::size_t seen_ = 0;
};

/// A text; what YAML takes for a list is one too ("argument-hint: [branch]").
std::string text_field(const json::Object& fields, std::string_view key) {
  if (const json::Array* const items = json::find_array(fields, key)) {
    std::vector<std::string> words;
    for (const json::Value& item : *items) {
      words.emplace_back(item.is_string() ? json::view(item.get_string()) : std::string_view("…"));
    }
    return "[" + text::join(words, ", ") + "]";
  }
  return std::string(text::trim(json::get_string(fields, key)));
}

}  // namespace

Result<CommandDefinition> parse_command(std::string_view text, std::string name, std::string file) {
  if (!text::is_valid_utf8(text)) {
    return fail(Code::kConfiguration, "{}: not UTF-8; save the file as UTF-8", file);
  }
  OAP_TRY(yaml::Frontmatter head, yaml::split_frontmatter(text, file));
  CommandDefinition command;
  command.name = std::move(name);
  command.file = std::move(file);
  command.body = std::move(head.body);
  for (const char* const key : {"description", "argument-hint", "agent", "model"}) {
    const json::Value* const value = json::find(head.fields, key);
    if (value != nullptr && !value->is_string() && !value->is_null() && !value->is_array()) {
      return fail(Code::kConfiguration, "{}:1: {}: expected text", command.file, key);
    }
  }
  command.description = text_field(head.fields, "description");
  command.argument_hint = text_field(head.fields, "argument-hint");
  command.agent = text_field(head.fields, "agent");
  command.model = text_field(head.fields, "model");
  command.subtask = json::get_bool(head.fields, "subtask");
  const char* const tools = head.fields.contains("allowed-tools") ? "allowed-tools" : "tools";
  OAP_TRY(command.allowed_tools, skills::tool_list(head.fields, tools, command.file));
  if (text::trim(command.body).empty()) {
    return fail(Code::kConfiguration, "{}:{}: the command has no text", command.file,
                head.body_line);
  }
  return command;
}

CommandListing find_commands(const CommandSources& sources) {
  Finder finder;
  if (sources.trusted) {
    finder.folder(fs::path(sources.project_dir) / "commands");
    finder.folder(fs::path(sources.project_dir) / "command");
    finder.folder(fs::path(sources.workspace) / ".claude" / "commands");
  }
  if (!sources.user_dir.empty()) {
    finder.folder(fs::path(sources.user_dir) / "commands");
    finder.folder(fs::path(sources.user_dir) / "command");
  }
  if (!sources.home.empty()) {
    finder.folder(fs::path(sources.home) / ".claude" / "commands");
  }
  return finder.take();
}

std::optional<SlashCall> parse_slash(std::string_view message) {
  std::string_view text = text::trim(message);
  if (!text.starts_with('/')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_name_char(text[end])) {
    ++end;
  }
  const std::string_view name = text.substr(0, end);
  if (!is_name(name) || (end < text.size() && !text::is_space(text[end]))) {
    return std::nullopt;
  }
  return SlashCall{text::lower_ascii(name), std::string(text::trim(text.substr(end)))};
}

std::vector<std::string> split_arguments(std::string_view arguments) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const char c = arguments[i];
    if (quote == 0 && text::is_space(c)) {
      if (in_word) {
        words.push_back(std::move(word));
        word.clear();
        in_word = false;
      }
      continue;
    }
    in_word = true;
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      const bool closed = arguments.find(c, i + 1) != std::string_view::npos;
      if (closed) {
        quote = c;
      } else {
        word += c;
      }
    } else if (c == '\\' && quote != '\'' && i + 1 < arguments.size()) {
      word += arguments[++i];
    } else {
      word += c;
    }
  }
  if (in_word) {
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace oap::session
