#include "config/edit_servers.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include "config/check.hpp"
#include "config/decode.hpp"
#include "config/merge.hpp"
#include "config/shapes.hpp"
#include "json/compare.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {
namespace {

constexpr std::string_view kKey = "mcp_servers";
constexpr std::size_t kMaxFile = 4U << 20U;

std::string pointer_of(const std::string& name) {
  return "/" + std::string(kKey) + "/" + pointer_token(name);
}

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool is_blank(std::string_view line) { return text::trim(line).empty(); }
bool is_comment(std::string_view line) { return text::trim(line).starts_with('#'); }

/// The lines with their ends, so that joining them gives the text back.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line;
  }
  return text;
}

bool is_plain(std::string_view word) {
  if (word.empty() || !text::is_alpha(word.front())) {
    return false;
  }
  const bool simple = std::all_of(word.begin(), word.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
  });
  static constexpr std::string_view kTaken[] = {"true", "false", "null", "yes", "no", "on", "off"};
  const std::string lower = text::lower_ascii(word);
  return simple && std::find(std::begin(kTaken), std::end(kTaken), lower) == std::end(kTaken);
}

std::string scalar(const json::Value& value) {
  if (!value.is_string()) {
    return json::print(value);
  }
  const std::string_view text = json::view(value.get_string());
  return is_plain(text) ? std::string(text) : json::quote(text);
}

std::string word(std::string_view text) { return scalar(json::Value(json::String(text))); }

void render(const json::Object& members, std::size_t indent, std::string_view end,
            std::vector<std::string>& lines) {
  const std::string space(indent, ' ');
  for (const auto& pair : members) {
    const std::string key = space + word(pair.key()) + ":";
    if (pair.value().is_object()) {
      lines.push_back(key + std::string(end));
      render(pair.value().get_object(), indent + 2, end, lines);
    } else if (pair.value().is_array()) {
      std::string items;
      for (const json::Value& item : pair.value().get_array()) {
        items += (items.empty() ? "" : ", ") + scalar(item);
      }
      lines.push_back(fmt::format("{} [{}]{}", key, items, end));
    } else {
      lines.push_back(fmt::format("{} {}{}", key, scalar(pair.value()), end));
    }
  }
}

/// One past the last line of the block that begins at `first`: everything indented more, without
/// the blank lines and outer comments that follow it.
std::size_t block_end(const std::vector<std::string>& lines, std::size_t first) {
  const std::size_t indent = indent_of(lines[first]);
  std::size_t end = first + 1;
  for (std::size_t at = first + 1; at < lines.size(); ++at) {
    if (is_blank(lines[at])) {
      continue;
    }
    if (indent_of(lines[at]) <= indent) {
      if (is_comment(lines[at])) {
        continue;
      }
      break;
    }
    end = at + 1;
  }
  return end;
}

Error by_hand(const std::string& file, int line, std::string_view doing) {
  return Error(Code::kFailedPrecondition,
               fmt::format("{}:{}: {} would not leave everything else as it is; edit the file by "
                           "hand",
                           file, line, doing));
}

const json::Object* servers_in(const json::Value& value) {
  const json::Value* const found = json::find(value, kKey);
  return found != nullptr ? found->if_object() : nullptr;
}

/// The document's value with no entries as an empty map, so that `mcp_servers:` equals none.
json::Value comparable(json::Value value) {
  json::Object* const object = value.if_object();
  if (object != nullptr && servers_in(value) == nullptr) {
    (*object)[kKey] = json::Object{};
  }
  return value;
}

bool is_as_wanted(std::string_view text, const std::string& file, const json::Value& wanted) {
  const auto document = yaml::parse(text, file);
  return document && json::equal(comparable(document->value), comparable(wanted));
}

/// The file's lines, the last one with its end, and that end.
struct Text {
  std::vector<std::string> lines;
  std::string end;
};

Text split(std::string_view text) {
  Text out{lines_of(text), text.find("\r\n") != std::string_view::npos ? "\r\n" : "\n"};
  if (!out.lines.empty() && !out.lines.back().ends_with('\n')) {
    out.lines.back() += out.end;
  }
  return out;
}

/// Where a new entry goes and how far it is indented. May prepare the lines for it.
struct Slot {
  std::size_t at = 0;
  std::size_t indent = 2;
};

Slot find_slot(Text& text, const yaml::Document& document) {
  const json::Object* const servers = servers_in(document.value);
  const bool has_key = json::find(document.value, kKey) != nullptr;
  if (servers != nullptr && !servers->empty()) {
    const std::string last(std::prev(servers->end())->key());
    const auto first = static_cast<std::size_t>(document.line(pointer_of(last)) - 1);
    if (first < text.lines.size()) {
      return {block_end(text.lines, first), indent_of(text.lines[first])};
    }
  }
  if (has_key) {
    const auto key = static_cast<std::size_t>(document.line("/" + std::string(kKey)) - 1);
    if (key < text.lines.size()) {
      std::string& line = text.lines[key];
      const std::size_t braces = line.find("{}");
      if (braces != std::string::npos) {
        line.erase(braces, 2);
      }
      return {key + 1, 2};
    }
  }
  text.lines.push_back(std::string(kKey) + ":" + text.end);
  return {text.lines.size(), 2};
}

}  // namespace

Result<std::string> with_server(std::string_view text, const std::string& file,
                                const std::string& name, const json::Object& entry) {
  OAP_TRY(const yaml::Document document, yaml::parse(text, file));
  if (const json::Object* servers = servers_in(document.value);
      servers != nullptr && servers->contains(name)) {
    return fail(Code::kAlreadyExists, "{}: there is a server {} already; remove it first",
                document.where(pointer_of(name)), name);
  }
  Text edited = split(text);
  const Slot slot = find_slot(edited, document);
  std::vector<std::string> fresh;
  render(json::Object{{name, entry}}, slot.indent, edited.end, fresh);
  edited.lines.insert(edited.lines.begin() + static_cast<std::ptrdiff_t>(slot.at), fresh.begin(),
                      fresh.end());
  json::Value wanted = comparable(document.value);
  if (wanted.is_object()) {
    wanted.get_object()[kKey].as_object()[name] = entry;
  }
  std::string out = joined(edited.lines);
  if (!is_as_wanted(out, file, wanted)) {
    return fail(by_hand(file, document.line("/" + std::string(kKey)), "adding the server"));
  }
  return out;
}

Result<std::string> without_server(std::string_view text, const std::string& file,
                                   const std::string& name) {
  OAP_TRY(const yaml::Document document, yaml::parse(text, file));
  const json::Object* const servers = servers_in(document.value);
  if (servers == nullptr || !servers->contains(name)) {
    return fail(Code::kNotFound, "{} has no server {}", file, name);
  }
  const int line = document.line(pointer_of(name));
  Text edited = split(text);
  const auto first = static_cast<std::size_t>(line - 1);
  const bool own_line = line != document.line("/" + std::string(kKey));
  if (first >= edited.lines.size() || !own_line) {
    return fail(by_hand(file, line, "removing the server"));
  }
  const std::size_t end = block_end(edited.lines, first);
  edited.lines.erase(edited.lines.begin() + static_cast<std::ptrdiff_t>(first),
                     edited.lines.begin() + static_cast<std::ptrdiff_t>(end));
  json::Value wanted = document.value;
  wanted.get_object()[kKey].get_object().erase(name);
  std::string out = joined(edited.lines);
  if (!is_as_wanted(out, file, wanted)) {
    return fail(by_hand(file, line, "removing the server"));
  }
  return out;
}

namespace {

Result<ServersFile> read_servers_file(const std::string& path) {
  ServersFile file{path, "", os::exists(path)};
  if (file.exists) {
    OAP_TRY(file.text, os::read_file(path, kMaxFile));
  }
  return file;
}

Result<bool> has_servers(const ServersFile& file) {
  OAP_TRY(const yaml::Document document, yaml::parse(file.text, file.path));
  return json::find(document.value, kKey) != nullptr;
}

}  // namespace

Result<ServersFile> find_servers_file(const std::string& dir) {
  if (dir.empty()) {
    return fail(Code::kConfiguration, "there is no place for user settings: set HOME");
  }
  OAP_TRY(ServersFile main, read_servers_file(dir + "/config.yaml"));
  OAP_TRY(ServersFile own, read_servers_file(dir + "/mcp-servers.yaml"));
  OAP_TRY(const bool in_main, has_servers(main));
  OAP_TRY(const bool in_own, has_servers(own));
  if (in_main && in_own) {
    return fail(Code::kFailedPrecondition,
                "mcp_servers stands in {} and in {}; keep it in one of the two", main.path,
                own.path);
  }
  return in_main ? std::move(main) : std::move(own);
}

Result<void> write_servers_file(const ServersFile& file, std::string_view text, int mode_if_new) {
  struct stat info{};
  int mode = mode_if_new;
  if (::stat(file.path.c_str(), &info) == 0) {
    mode = static_cast<int>(info.st_mode & 0777U);
  }
  const std::size_t slash = file.path.rfind('/');
  OAP_CHECK_OK(os::make_dirs(file.path.substr(0, slash)));
  OAP_TRY(const std::string real, os::canonical_path(file.path));
  return os::write_file_atomic(real, text, mode);
}

std::optional<std::string> where_is_server(const std::string& dir, const std::string& name) {
  if (dir.empty()) {
    return std::nullopt;
  }
  for (const char* const base : {"/mcp-servers.yaml", "/config.yaml"}) {
    const std::string path = dir + base;
    const auto text = os::read_file(path, kMaxFile);
    const auto document =
        text ? yaml::parse(*text, path) : Result<yaml::Document>(fail(text.error()));
    if (document) {
      const json::Object* const servers = servers_in(document->value);
      if (servers != nullptr && servers->contains(name)) {
        return document->where(pointer_of(name));
      }
    }
  }
  return std::nullopt;
}

Result<void> check_server_entry(const std::string& name, const json::Object& entry,
                                const Paths& paths, const Env& env) {
  const Shape shape = config_shape();
  yaml::Document document;
  document.file = "the server";
  document.value = json::Object{{kKey, json::Object{{name, entry}}}};
  const Checked checked = check(document, shape, {env, true});
  std::vector<Problem> problems = checked.problems;
  if (problems.empty()) {
    Merged merged(shape);
    merged.put(checked.settings, document);
    json::Value effective = merged.settings();
    fill_defaults(shape, effective);
    merged.settings() = std::move(effective.get_object());
    decode(merged, paths, env, problems);
  }
  if (problems.empty()) {
    return {};
  }
  std::string text;
  for (const Problem& problem : problems) {
    const std::string prefix = std::string(kKey) + "." + name;
    const bool inside = problem.key.starts_with(prefix + ".");
    text += (text.empty() ? "" : "\n") +
            (inside ? problem.key.substr(prefix.size() + 1) + ": " : std::string()) +
            problem.message;
  }
  return fail(Code::kConfiguration, "{}", text);
}

}  // namespace oap::config
