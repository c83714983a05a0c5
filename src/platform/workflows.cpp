#include "platform/workflows.hpp"

#include <algorithm>

#include "os/file.hpp"
#include "platform/workflow_agent.hpp"
#include "platform/workflow_tools.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "yaml/yaml.hpp"

namespace oap::platform {
namespace {

constexpr std::size_t kMaxFile = 4U << 20U;
constexpr std::size_t kMaxCalled = 1'000;
constexpr Millis kCloseTime{15'000};

bool is_yaml(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }
bool is_test(std::string_view name) {
  return name.ends_with(".test.yaml") || name.ends_with(".test.yml");
}

bool is_path(std::string_view reference) {
  return reference.find('/') != std::string_view::npos || is_yaml(reference);
}

std::string stem(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  return std::string(name.substr(0, name.rfind('.')));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

workflow::Engine::Options engine_options(const Settings& settings, RunSeal& seal) {
  workflow::Engine::Options options;
  options.seal = &seal;
  options.secret = [&settings](std::string_view name) -> std::optional<std::string> {
    const auto& secrets = settings.config.workflow_secrets;
    const auto found = secrets.find(std::string(name));
    return found == secrets.end() ? std::nullopt : std::optional(found->second);
  };
  return options;
}

bool has_error(const std::vector<workflow::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const workflow::Problem& problem) { return !problem.warning; });
}

}  // namespace

Workflows::Workflows(Parts parts)
    : parts_(std::move(parts)),
      tools_(tool_schemas(parts_.steps.catalog, parts_.steps.settings)),
      steps_(parts_.steps),
      seal_(parts_.steps.settings, parts_.scanner),
      engine_(std::make_unique<workflow::Engine>(parts_.executor, parts_.runs, steps_,
                                                 system_clock(),
                                                 engine_options(parts_.steps.settings, seal_))) {}
Workflows::~Workflows() = default;

Task<void> Workflows::close() {
  const Deadline deadline = Deadline::after(kCloseTime);
  co_await engine_->close(deadline);
}

Task<hooks::BeforeOutcome> Workflows::judge(ToolCall call) {
  hooks::Context context{"", "", parts_.steps.settings.paths.workspace, call.principal};
  co_return co_await parts_.steps.hooks.before_tool(std::move(context), std::move(call));
}

std::vector<WorkflowFile> Workflows::files() const {
  const std::string folder = parts_.steps.settings.paths.project_dir + "/workflows";
  std::vector<WorkflowFile> out;
  const auto names = os::list_dir(folder);
  if (!names) {
    return out;
  }
  for (const std::string& name : *names) {
    if (!is_yaml(name) || is_test(name)) {
      continue;
    }
    WorkflowFile file;
    file.path = folder + "/" + name;
    file.id = stem(name);
    const auto text = os::read_file(file.path, kMaxFile);
    const auto document =
        text ? yaml::parse(*text, file.path) : Result<yaml::Document>(fail(text.error()));
    if (!document) {
      file.problem = document.error().to_string();
    } else if (const auto id = json::get_string(document->value, "id"); !id.empty()) {
      file.id = id;
    }
    if (document) {
      file.name = json::get_string(document->value, "name");
      file.description = json::get_string(document->value, "description");
    }
    out.push_back(std::move(file));
  }
  return out;
}

Result<std::string> Workflows::locate(const std::string& reference,
                                      const std::string& beside) const {
  if (is_path(reference)) {
    const bool absolute = reference.starts_with('/') || beside.empty();
    return absolute ? reference : folder_of(beside) + "/" + reference;
  }
  if (!beside.empty()) {
    for (const char* ending : {".yaml", ".yml"}) {
      const std::string near = folder_of(beside) + "/" + reference + ending;
      if (os::exists(near)) {
        return near;
      }
    }
  } else if (os::exists(reference) && !os::is_directory(reference)) {
    return reference;
  }
  std::vector<std::string> found;
  std::vector<std::string> known;
  for (const WorkflowFile& file : files()) {
    known.push_back(file.id);
    if (file.id == reference || stem(file.path) == reference) {
      found.push_back(file.path);
    }
  }
  if (found.size() > 1) {
    return fail(Code::kUsage, "'{}' is the id of several workflows: {}; give the file", reference,
                text::join(found, ", "));
  }
  if (found.empty()) {
    return fail(
        Code::kUsage,
        "there is no workflow '{}'{} in .opencode/workflows; 'oap workflow list' shows them, "
        "'oap workflow new {}' begins one",
        reference, text::did_you_mean(reference, known), reference);
  }
  return found.front();
}

std::shared_ptr<const workflow::Blueprint> Workflows::compile(
    std::string_view text, const std::string& file,
    std::vector<workflow::Problem>& problems) const {
  workflow::Checked checked = workflow::check_workflow(text, file, tools_.get());
  const bool wrong = has_error(checked.problems);
  problems.insert(problems.end(), std::make_move_iterator(checked.problems.begin()),
                  std::make_move_iterator(checked.problems.end()));
  return wrong ? nullptr : std::move(checked.blueprint);
}

void Workflows::check_agents(LoadedWorkflow& loaded, const workflow::Blueprint& blueprint,
                             const std::string& file) const {
  const auto is_literal = [](std::string_view text) {
    return text.find("${") == std::string_view::npos;
  };
  for (workflow::StepIndex index = 0; index < blueprint.size(); ++index) {
    const workflow::StepDefinition& step = *blueprint.step(index).definition;
    const auto* const agent = std::get_if<workflow::AgentStep>(&step.body);
    if (agent == nullptr || !is_literal(agent->agent) || !is_literal(agent->model)) {
      continue;
    }
    const std::string& model = agent->model.empty() ? parts_.steps.model : agent->model;
    const auto fine = check_agent(parts_.steps.settings, parts_.steps.models, agent->agent, model);
    if (!fine) {
      loaded.problems.push_back(
          {step.place.line > 0 ? fmt::format("{}:{}", file, step.place.line) : file,
           fmt::format("step '{}': {}", step.id, fine.error().message()), false});
    }
  }
}

/// A secret may only go into an input that is secret in the called workflow as well.
void Workflows::check_secret_inputs(LoadedWorkflow& loaded, const workflow::BlueprintStep& step,
                                    const std::string& where) {
  const auto& name = std::get<workflow::SubworkflowStep>(step.definition->body).workflow;
  const auto called = loaded.subworkflows.find(name);
  if (called == loaded.subworkflows.end()) {
    return;
  }
  for (const std::string& input : step.secret_inputs) {
    const json::Value* const schema = json::find(called->second->definition().inputs, input);
    if (schema != nullptr && !workflow::is_secret_input(*schema)) {
      loaded.problems.push_back(
          {where,
           fmt::format("step '{}': the input '{}' of '{}' is given a secret; declare it there "
                       "'secret: true'",
                       step.definition->id, input, name),
           false});
    }
  }
}

void Workflows::add_called(LoadedWorkflow& loaded, const workflow::Blueprint& caller,
                           const std::string& file, std::vector<std::string>& chain) const {
  for (workflow::StepIndex index = 0; index < caller.size(); ++index) {
    const workflow::StepDefinition& step = *caller.step(index).definition;
    const auto* const call = std::get_if<workflow::SubworkflowStep>(&step.body);
    if (call == nullptr) {
      continue;
    }
    const std::string where =
        step.place.line > 0 ? fmt::format("{}:{}", file, step.place.line) : file;
    const auto problem = [&](std::string text) {
      loaded.problems.push_back({where, std::move(text), false});
    };
    const auto path = locate(call->workflow, file);
    if (!path) {
      problem(fmt::format("step '{}': {}", step.id, path.error().message()));
      continue;
    }
    const auto canonical = os::canonical_path(*path);
    if (!canonical) {
      problem(fmt::format("step '{}': {}", step.id, canonical.error().to_string()));
      continue;
    }
    if (std::find(chain.begin(), chain.end(), *canonical) != chain.end()) {
      problem(fmt::format("step '{}' calls '{}', which calls this workflow again: {} → {}", step.id,
                          call->workflow, text::join(chain, " → "), *canonical));
      continue;
    }
    const auto [place, fresh] = loaded.called.try_emplace(call->workflow, *canonical);
    if (!fresh && place->second != *canonical) {
      problem(
          fmt::format("step '{}': '{}' means {} here and {} elsewhere in this workflow; give "
                      "one of them another name",
                      step.id, call->workflow, *canonical, place->second));
      continue;
    }
    if (!fresh || loaded.called.size() > kMaxCalled) {
      check_secret_inputs(loaded, caller.step(index), where);
      continue;
    }
    const auto text = os::read_file(*path, kMaxFile);
    if (!text) {
      problem(fmt::format("step '{}': the workflow '{}' cannot be read: {}", step.id,
                          call->workflow, text.error().to_string()));
      continue;
    }
    auto called = compile(*text, *path, loaded.problems);
    if (called == nullptr) {
      continue;
    }
    loaded.subworkflows.emplace(call->workflow, called);
    check_secret_inputs(loaded, caller.step(index), where);
    chain.push_back(*canonical);
    add_called(loaded, *called, *path, chain);
    chain.pop_back();
  }
}

LoadedWorkflow Workflows::load_text(std::string_view text, const std::string& file) const {
  LoadedWorkflow loaded;
  loaded.file = file;
  auto blueprint = compile(text, file, loaded.problems);
  if (blueprint != nullptr) {
    std::vector<std::string> chain;
    if (const auto canonical = os::canonical_path(file); canonical && os::exists(file)) {
      chain.push_back(*canonical);
    }
    check_agents(loaded, *blueprint, file);
    add_called(loaded, *blueprint, file, chain);
  }
  loaded.blueprint = has_error(loaded.problems) ? nullptr : blueprint;
  return loaded;
}

Result<LoadedWorkflow> Workflows::load(const std::string& reference) const {
  OAP_TRY(const std::string path, locate(reference, ""));
  const auto text = os::read_file(path, kMaxFile);
  if (!text) {
    return fail(Code::kUsage, "{}", text.error().to_string());
  }
  return load_text(*text, path);
}

}  // namespace oap::platform
