#include "platform/hook_programs.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <sys/stat.h>

#include "base/log.hpp"
#include "gateway/hooks/guards.hpp"
#include "gateway/trust/clean.hpp"
#include "json/parse.hpp"
#include "migration/claude_rules.hpp"
#include "migration/in_place.hpp"
#include "migration/rules.hpp"
#include "os/file.hpp"
#include "permission/policy.hpp"
#include "platform/settings.hpp"
#include "text/utf8.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMostFile = 4U << 20U;
constexpr std::size_t kMostFiles = 100;
constexpr std::size_t kMostDepth = 64;
constexpr std::uint32_t kWritableByOthers = 022;

bool is_of_machine(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == 0 &&
         (info.st_mode & kWritableByOthers) == 0;
}

void take_file(const std::string& path, programs::Owner owner, std::vector<programs::HookFile>& out,
               std::vector<config::Problem>& problems) {
  const auto text = os::read_file(path, kMostFile);
  auto value = text ? json::parse_object(*text, {kMostDepth, kMostFile})
                    : Result<json::Object>(fail(text.error()));
  if (!value) {
    problems.push_back({path, 1, "", value.error().message()});
    return;
  }
  const json::Object* const hooks = json::find_object(*value, "hooks");
  if (hooks == nullptr && (json::find(*value, "hooks") != nullptr || !value->contains("env"))) {
    problems.push_back(
        {path, 1, "hooks", "expected an object: {\"hooks\": {\"PreToolUse\": […]}}"});
    return;
  }
  const bool runs = hooks != nullptr && !json::get_bool(*value, "disableAllHooks");
  json::Object groups = runs ? *hooks : json::Object{};
  out.push_back({text::escape_visible(path), owner, std::move(groups), *std::move(value)});
}

void take_folder(const std::string& base, programs::Owner owner,
                 std::vector<programs::HookFile>& out, std::vector<config::Problem>& problems) {
  const std::string folder = base + "/hooks";
  if (base.empty() || !os::is_directory(folder)) {
    return;
  }
  const auto names = os::list_dir(folder);
  if (!names) {
    problems.push_back({folder, 0, "", names.error().message()});
    return;
  }
  std::size_t count = 0;
  for (const std::string& name : *names) {
    const std::string path = folder + "/" + name;
    if (!name.ends_with(".json") || name.starts_with('.') || ++count > kMostFiles) {
      continue;
    }
    if (owner == programs::Owner::kManaged && !is_of_machine(path)) {
      problems.push_back({path, 0, "", "must be a file that root alone can write"});
      continue;
    }
    take_file(path, owner, out, problems);
  }
}

/// Leaves out the groups that a file before them has too: an import has put them there.
void drop_equal_groups(json::Object& events, const std::vector<programs::HookFile>& files) {
  json::Object kept;
  for (const auto& event : events) {
    if (!event.value().is_array()) {
      kept[event.key()] = event.value();
      continue;
    }
    json::Array groups;
    for (const json::Value& group : event.value().get_array()) {
      const bool known = std::any_of(files.begin(), files.end(), [&](const auto& file) {
        const json::Array* const there = json::find_array(file.hooks, event.key());
        return there != nullptr && std::find(there->begin(), there->end(), group) != there->end();
      });
      if (!known) {
        groups.push_back(group);
      }
    }
    if (!groups.empty()) {
      kept[event.key()] = std::move(groups);
    }
  }
  events = std::move(kept);
}

/// The variables of the project's files, the last of a name.
template <class Files>
json::Object env_of(const Files& files) {
  json::Object all;
  for (const auto& file : files) {
    const json::Object* const env = json::find_object(file.settings, "env");
    for (const auto& one : env != nullptr ? *env : json::Object{}) {
      all[one.key()] = one.value();
    }
  }
  return all;
}

/// Leaves out what the project's own files say too, word for word: it would be told twice.
void drop_equal(std::vector<migration::HooksInPlace>& in_place,
                const std::vector<programs::HookFile>& files) {
  std::vector<programs::HookFile> project = files;
  std::erase_if(project, [](const auto& file) { return file.owner != programs::Owner::kProject; });
  const json::Object own = env_of(project);
  const json::Object theirs = env_of(in_place);
  for (migration::HooksInPlace& one : in_place) {
    drop_equal_groups(one.hooks, project);
    const json::Value* const env = json::find(one.settings, "env");
    if (env == nullptr || !env->is_object()) {
      continue;
    }
    json::Object kept = env->get_object();
    for (const auto& variable : theirs) {
      const json::Value* const known = json::find(own, variable.key());
      if (known != nullptr && *known == variable.value()) {
        kept.erase(variable.key());
      }
    }
    one.settings["env"] = std::move(kept);
  }
}

/// Whether a call is one that a permission rule of Claude Code's names. Compiled once a rule.
class Conditions {
 public:
  explicit Conditions(std::string workspace) : workspace_(std::move(workspace)) {}

  bool fits(const std::string& rule, const ToolCall& call, const std::string& cwd) {
    auto found = policies_.find(rule);
    if (found == policies_.end()) {
      found = policies_.emplace(rule, compile(rule)).first;
    }
    if (found->second == nullptr) {
      return true;
    }
    const auto request = gateway::permission_request(call, workspace_, cwd);
    return found->second->decide(request).level == Level::kDeny;
  }

 private:
  std::shared_ptr<const permission::Policy> compile(const std::string& rule) const {
    const migration::Translation made =
        migration::translate_rule({Level::kDeny, migration::Layer::kProject, rule, "a hook's if"});
    std::string text = "permissions:\n";
    for (const std::string& line : migration::rule_lines(made.rules)) {
      text += "  " + line + "\n";
    }
    permission::PolicyOptions options;
    options.workspace = workspace_;
    options.replace_builtin = true;
    options.default_permission = Level::kAllow;
    auto policy = made.rules.empty() ? Result<std::shared_ptr<const permission::Policy>>(nullptr)
                                     : permission::Policy::compile(
                                           {{permission::Tier::kUser, "if", text}}, options);
    if (!policy || *policy == nullptr) {
      log::warn("hooks", "a hook's `if` is not understood: it runs for every call", {{"if", rule}});
      return nullptr;
    }
    return *std::move(policy);
  }

  std::string workspace_;
  std::map<std::string, std::shared_ptr<const permission::Policy>> policies_;
};

}  // namespace

config::ForeignCommands hook_commands(const config::Paths& paths, bool reads_others,
                                      programs::HookSet& hooks) {
  config::ForeignCommands out;
  std::vector<programs::HookFile> files;
  take_folder(paths.managed_dir, programs::Owner::kManaged, files, out.problems);
  take_folder(paths.user_dir, programs::Owner::kUser, files, out.problems);
  take_folder(paths.project_dir, programs::Owner::kProject, files, out.problems);
  if (reads_others) {
    std::vector<migration::HooksInPlace> in_place = migration::hooks_in_place(paths.workspace);
    drop_equal(in_place, files);
    for (migration::HooksInPlace& one : in_place) {
      files.push_back({std::move(one.file), programs::Owner::kProject, std::move(one.hooks),
                       std::move(one.settings)});
    }
  }
  hooks = programs::read_hooks(files);
  programs::HookCommands commands = programs::commands_of(hooks, paths.workspace);
  out.digests = std::move(commands.digests);
  out.shown = std::move(commands.commands);
  const auto withhold = [&](programs::Owner owner, const std::string& place) {
    if (owner == programs::Owner::kProject &&
        std::find(out.withheld.begin(), out.withheld.end(), place) == out.withheld.end()) {
      out.withheld.push_back(place);
    }
  };
  for (const programs::Handler& handler : hooks.handlers) {
    withhold(handler.owner, handler.file + ": hooks");
  }
  for (const programs::Variable& one : hooks.env) {
    withhold(one.owner, one.file + ": env");
  }
  return out;
}

programs::HookSet counted_hooks(programs::HookSet hooks, bool trusted) {
  if (!trusted) {
    std::erase_if(hooks.handlers, [](const programs::Handler& handler) {
      return handler.owner == programs::Owner::kProject;
    });
    std::erase_if(hooks.env, [](const programs::Variable& one) {
      return one.owner == programs::Owner::kProject;
    });
  }
  return hooks;
}

std::unique_ptr<programs::Runner> make_runner(
    const Settings& settings, Executor executor, const security::SecretScanner& scanner,
    std::function<std::string(const std::string& session_id)> transcript,
    decltype(programs::Runner::Parts::elsewhere) elsewhere) {
  programs::Runner::Parts parts{std::move(executor), settings.hooks, settings.paths.workspace,
                                settings.hooks.environment()};
  parts.elsewhere = std::move(elsewhere);
  const auto conditions = std::make_shared<Conditions>(settings.paths.workspace);
  parts.condition = [conditions](const std::string& rule, const ToolCall& call,
                                 const std::string& cwd) {
    return conditions->fits(rule, call, cwd);
  };
  parts.clean = [&scanner](std::string text) {
    text = scanner.redact(text);
    gateway::clean(text);
    return text;
  };
  parts.transcript = std::move(transcript);
  return std::make_unique<programs::Runner>(std::move(parts));
}

}  // namespace oap::platform
