#include "programs/commands.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kMostScript = 4U << 20U;
constexpr std::size_t kMostWords = 200;
constexpr std::size_t kMostRead = 32U << 20U;

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

/// The contents of files, each read once, and not more of them together than a start may cost.
class Contents {
 public:
  explicit Contents(const std::string& workspace) : workspace_(workspace) {}

  /// "" for what is no program of the workspace.
  std::string digest(const std::string& word) {
    const auto real = os::canonical_path(path_of(word, workspace_));
    if (!real || !real->starts_with(workspace_ + "/")) {
      return "";
    }
    const auto [place, fresh] = known_.try_emplace(*real);
    if (fresh) {
      place->second = read(*real);
    }
    return place->second;
  }

 private:
  std::string read(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
      return "";
    }
    const auto size = static_cast<std::size_t>(info.st_size);
    const auto text = size <= std::min(left_, kMostScript)
                          ? os::read_file(path, kMostScript)
                          : Result<std::string>(fail(Code::kResourceExhausted, "{}", path));
    left_ -= text ? std::min(left_, text->size()) : 0;
    if (!is_program(path, info, text.value_or(std::string()))) {
      return "";
    }
    return text ? crypto::sha256_hex(*text)
                : fmt::format("{} bytes of {}.{} {}.{}", size, info.st_mtim.tv_sec,
                              info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
  }

  const std::string& workspace_;
  std::map<std::string, std::string> known_;
  std::size_t left_ = kMostRead;
};

/// What of a hook leaves this machine.
void add_elsewhere(const Handler& handler, json::Object& all) {
  all["kind"] = static_cast<int>(handler.kind);
  all["model"] = handler.model;
  all["goes_on"] = handler.goes_on;
  json::Object headers;
  for (const auto& [name, value] : handler.headers) {
    headers[name] = value;
  }
  all["headers"] = std::move(headers);
  json::Array variables;
  for (const std::string& name : handler.variables) {
    variables.emplace_back(name);
  }
  all["variables"] = std::move(variables);
}

std::string digest_with(const Handler& handler, Contents& contents) {
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
  if (handler.kind != Handler::Kind::kCommand) {
    add_elsewhere(handler, all);
    return crypto::sha256_hex(json::canonical(all));
  }
  json::Object files;
  for (const std::string& word : words_of(handler)) {
    if (std::string digest = contents.digest(word); !digest.empty()) {
      files[word] = std::move(digest);
    }
  }
  all["files"] = std::move(files);
  return crypto::sha256_hex(json::canonical(all));
}

/// The whole command where its short form leaves something out, and where it stands: nobody trusts
/// what they have not seen.
std::string told(const Handler& handler) {
  std::string line = handler.command;
  for (const std::string& word : handler.args.value_or(std::vector<std::string>())) {
    line += " " + word;
  }
  if (handler.kind == Handler::Kind::kHttp && !handler.variables.empty()) {
    line += " with " +
            text::join(std::vector<std::string>(handler.variables.begin(), handler.variables.end()),
                       ", ");
  }
  const std::string whole = text::escape_visible(line);
  return whole == handler.shown() ? handler.file : fmt::format("{} ({})", whole, handler.file);
}

}  // namespace

std::string digest_of(const Handler& handler, const std::string& workspace) {
  Contents contents(workspace);
  return digest_with(handler, contents);
}

HookCommands commands_of(const HookSet& hooks, const std::string& workspace) {
  HookCommands out;
  Contents contents(workspace);
  for (const Handler& handler : hooks.handlers) {
    if (handler.owner != Owner::kProject) {
      continue;
    }
    const std::string& matcher = handler.matcher.text();
    const std::string name =
        fmt::format("hook {}{}: {}", to_string(handler.event),
                    matcher.empty() ? "" : fmt::format("[{}]", matcher), handler.shown());
    std::string& digest = out.digests[name];
    const std::string own = digest_with(handler, contents);
    digest = digest.empty() || digest == own ? own : crypto::sha256_hex(digest + own);
    std::string& shown = out.commands[name];
    shown += (shown.empty() ? "" : "; ") + told(handler);
  }
  for (const Variable& one : hooks.env) {
    if (one.owner == Owner::kProject) {
      out.digests["env " + one.name] = crypto::sha256_hex(one.value);
      out.commands["env " + one.name] = one.file;
    }
  }
  return out;
}

}  // namespace oap::programs
