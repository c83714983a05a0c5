#include "llm/offline_cursor.hpp"

#include <algorithm>
#include <array>

#include "text/strings.hpp"

namespace oap::llm::offline {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 28> kFileKinds = {{
    {"python", "py"}, {"markdown", "md"},     {"javascript", "js"}, {"typescript", "ts"},
    {"json", "json"}, {"yaml", "{yaml,yml}"}, {"text", "txt"},      {"c++", "{cpp,cc,cxx}"},
    {"cpp", "cpp"},   {"rust", "rs"},         {"go", "go"},         {"java", "java"},
    {"html", "html"}, {"css", "css"},         {"shell", "sh"},      {"bash", "sh"},
    {"log", "log"},   {"csv", "csv"},         {"xml", "xml"},       {"toml", "toml"},
    {"ruby", "rb"},   {"php", "php"},         {"sql", "sql"},       {"header", "{h,hpp}"},
    {"md", "md"},     {"txt", "txt"},         {"py", "py"},         {"js", "js"},
}};

constexpr std::string_view kBareFiles =
    " readme license licence makefile dockerfile changelog contributing authors notice gemfile "
    "procfile copying security todo agents claude ";

bool all_name_bytes(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("._-/*~@+?[]{},$#%").find(c) != std::string_view::npos;
  });
}

/// "directory", "project", … where no name follows.
bool is_the_workspace(const Cursor& cursor) {
  if (!cursor.is_any({"directory", "folder", "workspace", "project", "repository", "repo",
                      "codebase", "here", "files", "code", "it"})) {
    return false;
  }
  const Word* after = cursor.peek(1);
  return after == nullptr || after->lower == "for" || after->lower == "please" ||
         after->lower == "recursively" || after->lower == "and" || after->lower == "now";
}

}  // namespace

bool is_path(const Word& word) {
  if (word.literal()) {
    return !word.text.empty() && word.text.find('\n') == std::string::npos;
  }
  const std::string_view text = word.text;
  if (!word.plain() || text.empty() || !all_name_bytes(text) ||
      text.find("://") != std::string_view::npos) {
    return false;
  }
  if (text == "." || text == ".." || text.find('/') != std::string_view::npos) {
    return true;
  }
  const std::size_t dot = text.find_last_of('.');
  return dot != std::string_view::npos && dot + 1 < text.size() &&
         std::any_of(text.begin(), text.end(),
                     [](char c) { return text::is_alpha(c) || c == '*'; });
}

std::string wildcard_of(const Word& word) {
  if (!word.plain()) {
    return "";
  }
  const std::string& text = word.text;
  if (text.starts_with("*.") && text.size() > 2 && text.find('/') == std::string::npos) {
    return text;
  }
  if (text.starts_with(".") && text.size() > 1 && text::is_alpha(text[1])) {
    return "*" + text;
  }
  for (const auto& [name, extension] : kFileKinds) {
    if (name == word.lower) {
      return "*." + std::string(extension);
    }
  }
  return "";
}

std::optional<std::string> take_file(Cursor& cursor) {
  cursor.skip_articles();
  const bool called_file = cursor.take({"file", "document", "script"});
  cursor.skip({"named", "called"});
  const Word* word = cursor.peek();
  if (word == nullptr) {
    return std::nullopt;
  }
  const Word* after = cursor.peek(1);
  const bool file_after =
      after != nullptr && (after->lower == "file" || after->lower == "document");
  const bool bare =
      word->plain() && kBareFiles.find(" " + word->lower + " ") != std::string_view::npos;
  if (!is_path(*word) && !bare &&
      !((called_file || file_after) && word->plain() && all_name_bytes(word->text))) {
    return std::nullopt;
  }
  std::string path = cursor.next().text;
  if (file_after) {
    cursor.take({"file", "document"});
  }
  return path;
}

std::optional<std::string> take_place(Cursor& cursor) {
  Cursor tried = cursor;
  if (tried.take({"here"})) {
    cursor = tried;
    return ".";
  }
  tried.take({"located", "that", "are"});
  if (!tried.take({"in", "of", "under", "inside", "within", "from", "at", "on"})) {
    return std::nullopt;
  }
  tried.skip({"the", "this", "my", "our", "whole", "entire", "all"});
  if (tried.take({"current", "working", "present", "root"}) || is_the_workspace(tried)) {
    tried.skip({"directory", "folder", "dir", "of", "the", "project", "workspace", "repository",
                "repo", "codebase", "files", "code", "here", "it", "working"});
    cursor = tried;
    return ".";
  }
  tried.skip({"directory", "folder", "dir", "file", "path", "named", "called"});
  const Word* word = tried.peek();
  if (word == nullptr || !(word->literal() || (word->plain() && all_name_bytes(word->text)))) {
    return std::nullopt;
  }
  std::string path = tried.next().text;
  tried.take({"directory", "folder", "dir", "file", "subdirectory"});
  cursor = tried;
  return path;
}

Call call(std::string tool, json::Object arguments) {
  Call made;
  made.tool = std::move(tool);
  made.arguments = std::move(arguments);
  return made;
}

Call bash(std::string command) {
  json::Object arguments;
  arguments["command"] = command;
  return call("bash", std::move(arguments));
}

json::Object with(std::string_view name, std::string_view value) {
  json::Object arguments;
  arguments[name] = value;
  return arguments;
}

Call glob(std::string_view pattern, std::string_view place) {
  json::Object arguments = with("pattern", pattern);
  if (!place.empty() && place != ".") {
    arguments["path"] = place;
  }
  return call("glob", std::move(arguments));
}

std::string shell_quote(std::string_view word) {
  const bool safe = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return text::is_alpha(c) || text::is_digit(c) ||
           std::string_view("_./@%+=:,-").find(c) != std::string_view::npos;
  });
  return safe ? std::string(word) : "'" + text::replace_all(word, "'", "'\\''") + "'";
}

}  // namespace oap::llm::offline
