#include "platform/agents.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "migration/in_place.hpp"
#include "orchestration/embedded.hpp"
#include "os/file.hpp"
#include "platform/skill_settings.hpp"
#include "session/context.hpp"
#include "skills/tool_scope.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kPromptBytes = 256U << 10U;

Result<std::string> prompt_of(const Settings& settings, const std::string& agent,
                              const config::AgentConfig& config) {
  if (!config.prompt.empty()) {
    return config.prompt;
  }
  if (!config.system_prompt_file.empty()) {
    auto text = os::read_file(config.system_prompt_file, kPromptBytes);
    if (!text) {
      return fail(Code::kConfiguration, "agents.{}.system_prompt_file: {}",
                  agent == "worker" ? "executor" : agent, text.error().to_string());
    }
    return text;
  }
  const std::string path = settings.paths.project_dir + "/prompts/" + agent + ".md";
  if (os::exists(path)) {
    if (settings.config.trusted) {
      return os::read_file(path, kPromptBytes);
    }
    log::warn("platform", "prompt left out: the folder is not trusted", {{"file", path}});
  }
  return std::string(orchestration::embedded(agent + ".md"));
}

const config::AgentConfig& config_of(const config::Agents& agents, std::string_view role) {
  return role == "commander"  ? agents.commander
         : role == "planner"  ? agents.planner
         : role == "reviewer" ? agents.reviewer
                              : agents.executor;
}

/// The file that stands for one of the four; the Worker's may also be called executor.md.
const session::AgentDefinition* file_of(const session::AgentListing& files, std::string_view role) {
  const session::AgentDefinition* found = files.find(role);
  return found == nullptr && role == "worker" ? files.find("executor") : found;
}

/// Of one of the four, whose file could not be understood: it would run without what the file takes
/// from it.
Result<void> usable(const session::AgentListing& files, std::string_view role) {
  for (const auto& [name, why] : files.refused) {
    const std::string lower = text::lower_ascii(name);
    if (lower == role || (role == "worker" && lower == "executor")) {
      return fail(Code::kConfiguration,
                  "{}; the {} does not run without it: mend the file, or take it away", why, role);
    }
  }
  for (const session::AgentDefinition& agent : files.agents) {
    const std::string lower = text::lower_ascii(agent.name);
    if (lower != agent.name && (lower == role || (role == "worker" && lower == "executor"))) {
      return fail(Code::kConfiguration, "{}:1: the agent '{}' is spelt {}; rename it", agent.file,
                  agent.name, lower);
    }
  }
  return {};
}

/// What the configuration says of an agent of one's own; the Worker's where it says nothing.
const config::AgentConfig& own_config(const Settings& settings, const std::string& name) {
  const auto found = settings.config.agents.others.find(name);
  return found == settings.config.agents.others.end() ? settings.config.agents.executor
                                                      : found->second;
}

/// What all agents of one run have in common.
struct Common {
  const Settings& settings;
  ModelSet& models;
  const std::string& model;
  session::AgentListing files;
  security::RoleMatrix matrix;
  skills::Library skills;
  std::string context;
};

Common common_of(const Settings& settings, ModelSet& models, const std::string& model) {
  session::ContextOptions options;
  options.home = settings.paths.home;
  options.user_config = settings.paths.user_dir;
  std::vector<std::string> left;
  if (settings.config.platform.compatibility_mode == "claude_code") {
    const std::string& workspace = settings.paths.workspace;
    options.expand = [workspace](const std::filesystem::path& path, std::string text,
                                 std::vector<std::string>& warnings) {
      return migration::expanded_in_place(workspace, path.string(), std::move(text), warnings);
    };
    for (migration::InstructionsInPlace& one : migration::instructions_in_place(workspace, left)) {
      options.more.push_back({one.path, std::move(one.text), false});
    }
  }
  const session::Context context = session::collect_context(settings.paths.workspace, options);
  Common common{settings,
                models,
                model,
                agent_files(settings),
                role_matrix(settings),
                look_at_skills(settings),
                session::render(context)};
  const std::vector<std::string>* const lists[] = {&left, &context.warnings, &common.files.problems,
                                                   &common.skills.problems};
  for (const std::vector<std::string>* const list : lists) {
    for (const std::string& warning : *list) {
      log::warn("platform", warning);
    }
  }
  return common;
}

Result<orchestration::AgentProfile> make_profile(const Common& common, const std::string& name,
                                                 const config::AgentConfig& config,
                                                 const session::AgentDefinition* file) {
  const Settings& settings = common.settings;
  orchestration::AgentProfile profile;
  profile.name = name;
  config::AgentConfig own = config;
  if (file != nullptr && !file->model.empty()) {
    own.model = file->model;
  }
  const std::string reference = common.models.reference_for(own, common.model);
  OAP_TRY(const ModelSet::Choice choice, common.models.choose(reference));
  profile.provider = choice.provider;
  profile.model = choice.model;
  profile.window = window_of(settings.config, reference, choice.model);
  profile.max_tokens = file != nullptr && file->max_tokens ? file->max_tokens : config.max_tokens;
  profile.temperature =
      file != nullptr && file->temperature ? file->temperature : config.temperature;
  profile.max_turns = file != nullptr && file->max_turns ? file->max_turns : config.max_turns;
  profile.description =
      file != nullptr && !file->description.empty() ? file->description : config.description;
  if (file != nullptr) {
    profile.system = file->prompt;
  } else {
    OAP_TRY(profile.system, prompt_of(settings, name, config));
  }
  if (const security::RoleRow* const row = common.matrix.find(name)) {
    profile.tools = row->tools;
  }
  profile.system +=
      "\nThe workspace is " + settings.paths.workspace + "; paths are relative to it.\n";
  profile.system += skills_section(settings, common.skills, name != "commander");
  if (!common.context.empty()) {
    profile.system += "\n" + common.context;
  }
  return profile;
}

/// The tools that an agent's file leaves of a row.
void narrow(security::RoleRow& row, const session::AgentDefinition& file) {
  if (file.tools) {
    std::vector<std::string> left;
    const auto leave = [&left](const std::string& name) {
      if (std::find(left.begin(), left.end(), name) == left.end()) {
        left.push_back(name);
      }
    };
    for (const std::string& given : *file.tools) {
      const std::string name = skills::our_tool_name(given.substr(0, given.find('(')));
      if (security::names_tool(row.tools, name) || name.find("__") != std::string::npos) {
        leave(name);
      }
      if (name == "bash" && security::names_tool(row.tools, "run_command")) {
        leave("run_command");
      }
    }
    row.tools = std::move(left);
  }
  for (const std::string& given : file.disallowed_tools) {
    const std::string name = skills::our_tool_name(given.substr(0, given.find('(')));
    std::erase_if(row.tools, [&](const std::string& tool) {
      return tool == name || (name == "bash" && tool == "run_command");
    });
  }
  if (!file.may_edit) {
    row.write.clear();
  }
  if (!file.may_run) {
    row.commands = security::RoleRow::Commands::kNone;
  }
  row.network = row.network && file.network.value_or(true);
}

/// Which commands alone an agent's file leaves; none where it names a command tool without a
/// pattern too.
std::vector<std::string> patterns_of(const session::AgentDefinition& file) {
  std::vector<std::string> patterns;
  for (const std::string& given : file.tools.value_or(std::vector<std::string>())) {
    const std::size_t open = given.find('(');
    if (skills::our_tool_name(given.substr(0, open)) != "bash") {
      continue;
    }
    if (open == std::string::npos) {
      return {};
    }
    patterns.push_back(given);
  }
  return patterns;
}

void apply(security::RoleRow& row, const config::RoleRights& may) {
  using Commands = security::RoleRow::Commands;
  row.tools = may.tools.value_or(row.tools);
  row.write = may.write.value_or(row.write);
  row.delegate = may.delegate.value_or(row.delegate);
  row.network = may.network.value_or(row.network);
  for (const Commands each :
       {Commands::kNone, Commands::kSkills, Commands::kLook, Commands::kAll}) {
    if (may.commands && *may.commands == to_string(each)) {
      row.commands = each;
    }
  }
}

}  // namespace

orchestration::Rights rights_of(const security::RoleMatrix& matrix, std::string_view agent) {
  const security::RoleRow* const row = matrix.find(agent);
  orchestration::Rights rights;
  rights.tools.emplace();
  if (row != nullptr && agent == "commander") {
    // Its duties are no rights: it has source changed that it does not change itself.
    static const security::RoleMatrix kBuiltin = security::RoleMatrix::builtin();
    rights.tools.reset();
    rights.of = kBuiltin.find(agent)->tools;
    rights.left = row->tools;
  } else if (row != nullptr) {
    rights.tools = row->tools;
  }
  return rights;
}

security::RoleMatrix role_matrix(const Settings& settings) {
  security::RoleMatrix matrix = security::RoleMatrix::builtin();
  const session::AgentListing files = agent_files(settings);
  const auto set = [&matrix](security::RoleRow row) {
    const std::string role = row.role;
    if (const auto done = matrix.set(std::move(row)); !done) {
      log::error("platform", "an agent's rights cannot be understood; it may write nothing",
                 {{"why", done.error().to_string()}});
      security::RoleRow narrow_row;
      narrow_row.role = role;
      (void)matrix.set(std::move(narrow_row));
    }
  };
  for (const std::string_view role : kRoles) {
    security::RoleRow row = *matrix.find(role);
    apply(row, config_of(settings.config.agents, role).may);
    if (const session::AgentDefinition* const file = file_of(files, role)) {
      narrow(row, *file);
    }
    set(std::move(row));
  }
  for (const std::string& name : own_names(settings, files)) {
    security::RoleRow row = *matrix.find("worker");
    row.role = name;
    if (const auto own = settings.config.agents.others.find(name);
        own != settings.config.agents.others.end()) {
      apply(row, own->second.may);
    }
    if (const session::AgentDefinition* const file = files.find(name)) {
      narrow(row, *file);
    }
    set(std::move(row));
  }
  return matrix;
}

Result<orchestration::AgentSet> make_agents(const Settings& settings, ModelSet& models,
                                            const std::string& model, bool with_own) {
  const Common common = common_of(settings, models, model);
  for (const std::string_view role : kRoles) {
    OAP_CHECK_OK(usable(common.files, role));
  }
  const auto make = [&](const char* role) {
    return make_profile(common, role, config_of(settings.config.agents, role),
                        file_of(common.files, role));
  };
  orchestration::AgentSet set;
  OAP_TRY(set.commander, make("commander"));
  OAP_TRY(set.planner, make("planner"));
  OAP_TRY(set.worker, make("worker"));
  OAP_TRY(set.reviewer, make("reviewer"));
  for (const std::string& name :
       with_own ? own_names(settings, common.files) : std::vector<std::string>()) {
    const session::AgentDefinition* const file = common.files.find(name);
    if (file != nullptr && file->mode == "primary") {
      continue;
    }
    auto profile = make_profile(common, name, own_config(settings, name), file);
    if (profile) {
      set.others.emplace(name, *std::move(profile));
    } else {
      log::warn("platform", "an agent is left out",
                {{"agent", name}, {"why", profile.error().to_string()}});
    }
  }
  return set;
}

Result<orchestration::AgentProfile> make_agent(const Settings& settings, ModelSet& models,
                                               const std::string& model, const std::string& name) {
  const Common common = common_of(settings, models, model);
  const std::string role = name == "executor" ? "worker" : name;
  if (is_role(role)) {
    OAP_CHECK_OK(usable(common.files, role));
    return make_profile(common, role, config_of(settings.config.agents, role),
                        file_of(common.files, role));
  }
  if (const auto refused = common.files.refused.find(name); refused != common.files.refused.end()) {
    return fail(Code::kConfiguration, "{}", refused->second);
  }
  const session::AgentDefinition* const file = common.files.find(name);
  const std::vector<std::string> own = own_names(settings, common.files);
  if (std::find(own.begin(), own.end(), name) == own.end() || common.matrix.find(name) == nullptr) {
    std::vector<std::string> names(std::begin(kRoles), std::end(kRoles));
    names.insert(names.end(), own.begin(), own.end());
    return fail(Code::kNotFound, "there is no agent '{}'{}; oap agents list shows them",
                text::escape_visible(name), text::did_you_mean(name, names));
  }
  return make_profile(common, name, own_config(settings, name), file);
}

std::vector<AgentView> agent_views(const Settings& settings, const std::string& model) {
  const session::AgentListing files = agent_files(settings);
  const security::RoleMatrix matrix = role_matrix(settings);
  std::vector<AgentView> views;
  const auto add = [&](const std::string& name, const config::AgentConfig& config,
                       const session::AgentDefinition* file) {
    AgentView view;
    view.name = name;
    view.origin = file != nullptr ? file->file
                  : is_role(name) ? std::string("built-in")
                                  : "configuration, agents." + name;
    config::AgentConfig own = config;
    if (file != nullptr && !file->model.empty()) {
      own.model = file->model;
    }
    view.model = reference_for(own, model, settings.env);
    view.max_turns = file != nullptr && file->max_turns ? file->max_turns : config.max_turns;
    view.temperature =
        file != nullptr && file->temperature ? file->temperature : config.temperature;
    if (file != nullptr) {
      view.description = file->description;
      view.prompt = file->prompt;
      view.remarks = file->remarks;
      view.patterns = patterns_of(*file);
    } else {
      view.description = config.description;
      auto prompt = prompt_of(settings, name, config);
      view.prompt = prompt ? *std::move(prompt) : prompt.error().to_string();
    }
    if (const security::RoleRow* const row = matrix.find(name)) {
      view.rights = *row;
    }
    views.push_back(std::move(view));
  };
  for (const std::string_view role : kRoles) {
    add(std::string(role), config_of(settings.config.agents, role), file_of(files, role));
  }
  for (const std::string& name : own_names(settings, files)) {
    add(name, own_config(settings, name), files.find(name));
  }
  return views;
}

std::string open_items_of(const std::string& path) {
  constexpr std::size_t kMostBytes = 1U << 20U;
  constexpr std::size_t kMostItems = 40;
  const auto text = os::read_file(path, kMostBytes);
  std::string items;
  std::size_t count = 0;
  bool fenced = false;
  for (const std::string_view line : text::split_lines(text ? std::string_view(*text) : "")) {
    const std::string_view item = text::trim(line);
    fenced = item.starts_with("```") ? !fenced : fenced;
    const bool open = item.starts_with("- [ ]") || item.starts_with("* [ ]") ||
                      item.starts_with("- [/]") || item.starts_with("- [-]");
    if (open && !fenced && ++count <= kMostItems) {
      items += std::string(item) + "\n";
    }
  }
  return count > kMostItems ? items + fmt::format("- and {} more\n", count - kMostItems) : items;
}

orchestration::OrchestratorOptions orchestrator_options(const config::Config& config) {
  orchestration::OrchestratorOptions options;
  const config::Routing& routing = config.routing;
  options.routing.fast_path_threshold = routing.fast_path_threshold;
  options.routing.complexity_threshold = routing.complexity_threshold;
  options.routing.max_tokens = routing.fast_path_rules.max_tokens;
  options.routing.max_tools = routing.fast_path_rules.max_tools;
  options.routing.max_files = routing.fast_path_rules.max_files;
  options.routing.no_external_deps = routing.fast_path_rules.no_external_deps;
  options.agent_timeout = routing.agent_timeout;
  options.max_planning_depth = routing.max_planning_depth;
  options.retry_attempts = config.agents.executor.retry_attempts;
  options.quality_threshold = config.agents.reviewer.quality_threshold;
  return options;
}

}  // namespace oap::platform
