#include "programs/commands.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kMostScript = 4U << 20U;
constexpr std::size_t kMostWords = 200;

/// The words of a command that may be names of files: without quotes, and with the one variable
/// that names the project.
std::set<std::string> words_of(const Handler& handler) {
  std::string all = handler.command;
  for (const std::string& word : handler.args.value_or(std::vector<std::string>())) {
    all += "\n" + word;
  }
  std::string plain;
  for (const char c : all) {
    if (c == '"' || c == '\'' || c == '\\') {
      continue;
    }
    plain += std::string_view(";&|()<>=,`").find(c) != std::string_view::npos ? '\n' : c;
  }
  plain = text::replace_all(plain, "${CLAUDE_PROJECT_DIR}", "$CLAUDE_PROJECT_DIR");
  std::set<std::string> out;
  for (const std::string_view word : text::split_words(plain)) {
    if (out.size() < kMostWords) {
      out.emplace(word);
    }
  }
  return out;
}

std::string path_of(const std::string& word, const std::string& workspace) {
  static constexpr std::string_view kProject = "$CLAUDE_PROJECT_DIR";
  if (word.starts_with(kProject)) {
    return workspace + word.substr(kProject.size());
  }
  return word.starts_with('/') ? word : workspace + "/" + word;
}

/// What a command may run, rather than write or look at: a log that grows asks nobody again.
bool is_program(const std::string& path, const struct ::stat& info, std::string_view text) {
  static constexpr auto kEnds = std::to_array<std::string_view>(
      {".sh", ".bash", ".zsh", ".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".rb", ".pl", ".php",
       ".lua", ".ps1", ".jq", ".awk", ".sed"});
  return (info.st_mode & 0111U) != 0 || text.starts_with("#!") ||
         std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return path.ends_with(end); });
}

/// "" for what is no program of the workspace.
std::string content_digest(const std::string& path, const std::string& workspace) {
  const auto real = os::canonical_path(path);
  struct stat info{};
  if (!real || !real->starts_with(workspace + "/") || ::stat(real->c_str(), &info) != 0 ||
      !S_ISREG(info.st_mode)) {
    return "";
  }
  const auto text = os::read_file(*real, kMostScript);
  if (!is_program(*real, info, text.value_or(std::string()))) {
    return "";
  }
  return text ? crypto::sha256_hex(*text) : fmt::format("large:{}", info.st_size);
}

}  // namespace

std::string digest_of(const Handler& handler, const std::string& workspace) {
  json::Object all{{"event", to_string(handler.event)},
                   {"matcher", handler.matcher.text()},
                   {"command", handler.command},
                   {"if", handler.condition},
                   {"async", handler.background},
                   {"timeout", handler.timeout.count()},
                   {"on_failure", static_cast<int>(handler.on_failure)}};
  if (handler.args) {
    json::Array args;
    for (const std::string& word : *handler.args) {
      args.emplace_back(word);
    }
    all["args"] = std::move(args);
  }
  json::Object files;
  for (const std::string& word : words_of(handler)) {
    if (std::string digest = content_digest(path_of(word, workspace), workspace); !digest.empty()) {
      files[word] = std::move(digest);
    }
  }
  all["files"] = std::move(files);
  return crypto::sha256_hex(json::canonical(all));
}

HookCommands commands_of(const HookSet& hooks, const std::string& workspace) {
  HookCommands out;
  for (const Handler& handler : hooks.handlers) {
    if (handler.owner != Owner::kProject) {
      continue;
    }
    const std::string& matcher = handler.matcher.text();
    const std::string name =
        fmt::format("hook {}{}: {}", to_string(handler.event),
                    matcher.empty() ? "" : fmt::format("[{}]", matcher), handler.shown());
    std::string& digest = out.digests[name];
    const std::string own = digest_of(handler, workspace);
    digest = digest.empty() || digest == own ? own : crypto::sha256_hex(digest + own);
    out.commands[name] = handler.file;
  }
  return out;
}

}  // namespace oap::programs
