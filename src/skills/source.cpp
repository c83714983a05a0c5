#include "skills/source.hpp"

#include <algorithm>

#include "shell/parse.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::skills {
namespace {

bool is_word(std::string_view text) {
  const auto fits = [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= 100 && text.front() != '-' && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), fits);
}

bool is_ref(std::string_view text) {
  const auto fits = [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
  };
  return !text.empty() && text.size() <= 200 && text.front() != '-' && text.front() != '/' &&
         !text::contains(text, "..") && std::all_of(text.begin(), text.end(), fits);
}

bool is_below_path(std::string_view path) {
  for (const std::string_view part : text::split(path, '/')) {
    if (!is_word(part) && !(part.starts_with('.') && is_word(part.substr(1)))) {
      return false;
    }
  }
  return true;
}

bool is_loopback(std::string_view rest) {
  const std::string_view host = rest.substr(0, rest.find_first_of(":/"));
  return host == "127.0.0.1" || host == "localhost" || rest.starts_with("[::1]");
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Code::kInvalidArgument, "'{}' is no source of skills: {}", text::escape_visible(text),
              why);
}

/// "https://host/owner/repo/tree/REF/path" as repository, ref and folder.
void split_tree(Source& source) {
  const std::size_t at = source.url.find("/tree/");
  if (at == std::string::npos) {
    return;
  }
  const std::string rest = source.url.substr(at + 6);
  source.url.resize(at);
  if (source.url.ends_with("/-")) {
    source.url.resize(at - 2);
  }
  const std::size_t slash = rest.find('/');
  source.ref = rest.substr(0, slash);
  if (slash != std::string::npos) {
    source.folder = rest.substr(slash + 1);
  }
}

Result<Source> parse_url(std::string_view text, std::string_view scheme) {
  const std::string_view rest = text.substr(scheme.size() + 3);
  if (scheme == "http" && !is_loopback(rest)) {
    return refuse(text, "http is not safe; use https");
  }
  if (scheme != "https" && scheme != "http" && scheme != "ssh" && scheme != "file") {
    return refuse(text, "use https, ssh or file");
  }
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos && text::contains(authority.substr(0, at), ":")) {
    return refuse("…", "a URL must not hold a password");
  }
  Source source;
  source.url = text;
  const std::size_t hash = source.url.find('#');
  if (hash != std::string::npos) {
    source.ref = source.url.substr(hash + 1);
    source.url.resize(hash);
  }
  split_tree(source);
  while (source.url.ends_with('/')) {
    source.url.pop_back();
  }
  if ((!source.ref.empty() && !is_ref(source.ref)) ||
      (!source.folder.empty() && !is_below_path(source.folder))) {
    return refuse(text, "its branch or folder has characters that cannot be");
  }
  source.shown = source.url;
  return source;
}

Result<Source> parse_short(std::string_view text, const std::string& base_url) {
  Source source;
  std::string_view rest = text;
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    source.ref = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
    if (!is_ref(source.ref)) {
      return refuse(text, "its branch has characters that cannot be");
    }
  }
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    source.skill = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_word(source.skill)) {
      return refuse(text, "what follows @ is no skill's name");
    }
  }
  const std::vector<std::string_view> parts = text::split(rest, '/');
  if (parts.size() < 2 || !is_word(parts[0]) || !is_word(parts[1])) {
    return refuse(text, "write owner/repo, a URL or a folder");
  }
  std::string repo(parts[1]);
  if (repo.ends_with(".git")) {
    repo.resize(repo.size() - 4);
  }
  const std::size_t head = parts[0].size() + 1 + parts[1].size();
  if (rest.size() > head) {
    source.folder = rest.substr(head + 1);
    if (!is_below_path(source.folder)) {
      return refuse(text, "its folder has characters that cannot be");
    }
  }
  source.shown = std::string(parts[0]) + "/" + repo;
  source.url = base_url + (base_url.ends_with('/') ? "" : "/") + source.shown;
  if (base_url.starts_with("https://")) {
    source.url += ".git";
  }
  return source;
}

std::string normal(std::string_view url) {
  std::string text = text::lower_ascii(url);
  while (text.ends_with('/')) {
    text.pop_back();
  }
  if (text.ends_with(".git")) {
    text.resize(text.size() - 4);
  }
  return text;
}

}  // namespace

Result<Source> parse_source(std::string_view given, const std::string& base_url,
                            const std::string& home) {
  const std::string_view text = text::trim(given);
  if (text.empty() || text.size() > 2'000 || text.front() == '-' ||
      text::escape_visible(text) != text || text.find(' ') != std::string_view::npos) {
    return refuse(text, "it is empty, too long, or has characters that cannot be");
  }
  if (text == "." || text.front() == '/' || text.starts_with("./") || text.starts_with("../") ||
      text.starts_with("~/")) {
    Source source;
    source.kind = Source::Kind::kFolder;
    source.url = text.starts_with("~/") ? home + std::string(text.substr(1)) : std::string(text);
    source.shown = source.url;
    return source;
  }
  if (const std::size_t colon = text.find("://"); colon != std::string_view::npos) {
    return parse_url(text, text.substr(0, colon));
  }
  const std::size_t at = text.find('@');
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && at != std::string_view::npos && at < colon) {
    const std::string url =
        fmt::format("ssh://{}/{}", text.substr(0, colon), text.substr(colon + 1));
    return parse_url(url, "ssh");
  }
  return parse_short(text, base_url);
}

namespace {

/// The words after `npx skills`, where the command is one such call and nothing else.
std::optional<std::vector<std::string>> skills_words(std::string_view command) {
  const shell::Script script = shell::parse(command);
  if (!script.complete || script.commands.empty() || !script.functions.empty()) {
    return std::nullopt;
  }
  const shell::SimpleCommand& only = script.commands.front();
  for (const shell::SimpleCommand& one : script.commands) {
    // What npx itself would run is the parser's further command.
    const bool inner = &one != &only && one.wrapper == "npx";
    if (one.dynamic || one.splits || !one.redirects.empty() || !one.assignments.empty() ||
        (&one != &only && !inner)) {
      return std::nullopt;
    }
  }
  const std::vector<std::string>& argv = only.argv;
  std::size_t at = 1;
  if (argv.empty() || argv[0] != "npx") {
    return std::nullopt;
  }
  while (at < argv.size() && (argv[at] == "-y" || argv[at] == "--yes")) {
    ++at;
  }
  const bool skills = at < argv.size() && (argv[at] == "skills" || argv[at].starts_with("skills@"));
  if (!skills || at + 1 >= argv.size()) {
    return std::nullopt;
  }
  return std::vector<std::string>(argv.begin() + static_cast<std::ptrdiff_t>(at) + 1, argv.end());
}

}  // namespace

std::optional<AddCommand> parse_add_command(std::string_view command) {
  const auto words = skills_words(command);
  if (!words || (words->front() != "add" && words->front() != "a")) {
    return std::nullopt;
  }
  AddCommand add;
  for (std::size_t at = 1; at < words->size(); ++at) {
    const std::string& word = (*words)[at];
    if (word == "-y" || word == "--yes") {
      continue;
    }
    if ((word == "--skill" || word == "-s") && at + 1 < words->size()) {
      add.skill = (*words)[++at];
    } else if ((word == "--agent" || word == "-a") && at + 1 < words->size()) {
      ++at;
    } else if (!word.starts_with('-') && add.source.empty()) {
      add.source = word;
    } else {
      return std::nullopt;
    }
  }
  return add.source.empty() ? std::nullopt : std::optional(add);
}

std::optional<std::string> parse_find_command(std::string_view command) {
  const auto words = skills_words(command);
  if (!words || (words->front() != "find" && words->front() != "search")) {
    return std::nullopt;
  }
  std::string query;
  for (std::size_t at = 1; at < words->size(); ++at) {
    if ((*words)[at].starts_with('-')) {
      return std::nullopt;
    }
    query += (query.empty() ? "" : " ") + (*words)[at];
  }
  constexpr std::size_t kMostQuery = 500;
  return query.size() > kMostQuery ? std::nullopt : std::optional(query);
}

bool is_trusted_source(const Source& source, const std::vector<std::string>& trusted,
                       const std::string& base_url) {
  if (source.kind != Source::Kind::kGit) {
    return false;
  }
  const std::string base = normal(base_url) + "/";
  const std::string url = normal(source.url);
  for (const std::string& name : trusted) {
    std::string wanted = normal(name);
    if (!text::contains(wanted, "://")) {
      wanted = base + wanted;
    }
    if (wanted.ends_with("/*")) {
      const std::string prefix = wanted.substr(0, wanted.size() - 1);
      if (url.starts_with(prefix) && url.find('/', prefix.size()) == std::string::npos &&
          prefix.size() > base.size()) {
        return true;
      }
    } else if (url == wanted) {
      return true;
    }
  }
  return false;
}

}  // namespace oap::skills
