#include "programs/hook_env.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::programs {
namespace {

constexpr std::size_t kMostVariables = 200;
constexpr std::size_t kMostValue = 32U << 10U;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() < 200 && !text::is_digit(name.front()) &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) { return c == '_' || text::is_digit(c) || text::is_alpha(c); });
}

/// Variables that change what runs before or in the place of what a rule was asked about, and
/// those that are this program's.
bool decides_what_runs(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::string_view>({"BASH_ENV",
                                                                  "ENV",
                                                                  "SHELLOPTS",
                                                                  "BASHOPTS",
                                                                  "PS4",
                                                                  "IFS",
                                                                  "PROMPT_COMMAND",
                                                                  "PATH",
                                                                  "HOME",
                                                                  "SHELL",
                                                                  "PYTHONINSPECT",
                                                                  "PYTHONSTARTUP",
                                                                  "PYTHONPATH",
                                                                  "PYTHONHOME",
                                                                  "NODE_OPTIONS",
                                                                  "NODE_PATH",
                                                                  "PERL5OPT",
                                                                  "PERL5LIB",
                                                                  "RUBYOPT",
                                                                  "RUBYLIB",
                                                                  "JAVA_TOOL_OPTIONS",
                                                                  "EDITOR",
                                                                  "VISUAL",
                                                                  "PAGER",
                                                                  "BROWSER",
                                                                  "TMPDIR",
                                                                  "CDPATH",
                                                                  "GLOBIGNORE",
                                                                  "HISTFILE",
                                                                  "MANPAGER",
                                                                  "LESSOPEN",
                                                                  "LESSCLOSE",
                                                                  "RIPGREP_CONFIG_PATH",
                                                                  "CLAUDE_PROJECT_DIR"});
  static constexpr auto kBeginnings =
      std::to_array<std::string_view>({"LD_", "DYLD_", "BASH_FUNC_", "GIT_", "OAP_", "OPENCODE_",
                                       "GCONV_", "GLIBC_", "SUDO_", "npm_config_", "NPM_CONFIG_"});
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

void take_variables(const HookFile& file, HookSet& out) {
  const json::Value* const given = json::find(file.settings, "env");
  if (given == nullptr || given->is_null()) {
    return;
  }
  const auto warn = [&](std::string_view name, std::string_view why) {
    out.warnings.push_back(fmt::format(
        "{}: env{}: {}", file.file,
        name.empty() ? "" : "." + text::escape_visible(text::truncate_utf8(name, 100)), why));
  };
  if (!given->is_object()) {
    return warn("", "expected an object of texts; not used");
  }
  for (const auto& one : given->get_object()) {
    const std::string_view name = one.key();
    const std::string_view value =
        one.value().is_string() ? json::view(one.value().get_string()) : std::string_view();
    if (!is_name(name) || !one.value().is_string() || value.size() > kMostValue ||
        value.find('\0') != std::string_view::npos) {
      warn(name, "is no variable with a text; not set");
    } else if (decides_what_runs(name)) {
      warn(name, "would decide what runs; not set");
    } else if (out.env.size() >= kMostVariables) {
      return warn(name, "there are more than 200 variables; the rest is not set");
    } else {
      out.env.push_back({std::string(name), std::string(value), file.owner, file.file});
    }
  }
}

template <class List>
void take_list(const HookFile& file, std::string_view key, std::optional<List>& to, HookSet& out) {
  const json::Value* const given = json::find(file.settings, key);
  if (given == nullptr) {
    return;
  }
  if (!to) {
    to.emplace();
  }
  if (!given->is_array()) {
    out.warnings.push_back(
        fmt::format("{}: {}: expected a list of texts; nothing is on it", file.file, key));
    return;
  }
  for (const json::Value& one : given->get_array()) {
    if (one.is_string()) {
      to->insert(to->end(), std::string(json::view(one.get_string())));
    }
  }
}

}  // namespace

void take_settings(const HookFile& file, HookSet& out) {
  take_variables(file, out);
  take_list(file, "allowedHttpHookUrls", out.urls, out);
  take_list(file, "httpHookAllowedEnvVars", out.url_variables, out);
}

std::map<std::string, std::string> HookSet::environment() const {
  std::map<std::string, std::string> values;
  for (const Owner owner : {Owner::kUser, Owner::kProject, Owner::kManaged}) {
    for (const Variable& one : env) {
      if (one.owner == owner) {
        values[one.name] = one.value;
      }
    }
  }
  return values;
}

std::string filled(std::string_view value, const Handler& handler, const HookSet& hooks,
                   const os::EnvLookup& env) {
  std::string out;
  for (std::size_t at = 0; at < value.size();) {
    const bool braced = value.substr(at).starts_with("${");
    std::size_t end = at + (braced ? 2 : 1);
    const std::size_t begin = end;
    while (value[at] == '$' && end < value.size() &&
           (text::is_alpha(value[end]) || text::is_digit(value[end]) || value[end] == '_')) {
      ++end;
    }
    const std::string name(value.substr(std::min(begin, value.size()), end - begin));
    if (value[at] != '$' || !is_name(name) || (braced && value.substr(end, 1) != "}")) {
      out += value[at++];
      continue;
    }
    const bool allowed = handler.variables.contains(name) &&
                         (!hooks.url_variables || hooks.url_variables->contains(name));
    out += allowed ? env(name).value_or("") : "";
    at = end + (braced ? 1 : 0);
  }
  return out;
}

}  // namespace oap::programs
