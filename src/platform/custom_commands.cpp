#include "platform/custom_commands.hpp"

#include "base/ids.hpp"
#include "base/log.hpp"
#include "orchestration/report.hpp"
#include "os/file.hpp"
#include "platform/agents.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

session::CommandSources sources_of(const Settings& settings, bool trusted) {
  return {settings.paths.workspace, settings.paths.project_dir, settings.paths.user_dir,
          settings.paths.home, trusted};
}

/// What one command's expansion takes from outside: calls of the person, as any command makes them.
class GovernedWorld final : public session::CommandWorld {
 public:
  GovernedWorld(workflow::ToolInvoker& invoker, const orchestration::TaskRequest& request,
                Deadline deadline, std::vector<Denial>& denials)
      : invoker_(invoker), request_(request), deadline_(deadline), denials_(denials) {}

  Task<Result<std::string>> run(std::string command) override {
    json::Object arguments{{"command", command}};
    OAP_CO_TRY(const ToolResult result, co_await call("bash", std::move(arguments)));
    if (result.structured && result.structured->is_object()) {
      const std::string_view output = json::get_string(*result.structured, "output");
      const std::int64_t code = json::get_int(*result.structured, "exit_code");
      co_return code == 0 ? std::string(output)
                          : fmt::format("{}\n[the command ended with exit code {}]", output, code);
    }
    co_return result.joined_text();
  }

  Task<Result<std::string>> read(std::string path) override {
    const std::string place = path.starts_with('/') ? path : request_.workspace + "/" + path;
    if (!os::exists(place)) {
      co_return fail(Code::kNotFound, "there is no file {}", path);
    }
    const bool folder = os::is_directory(place);
    json::Object arguments{{"path", path}};
    OAP_CO_TRY(const ToolResult result,
               co_await call(folder ? "list_dir" : "read_file", std::move(arguments)));
    if (result.is_error) {
      co_return fail(Code::kFailedPrecondition, "@{}: {}", path, result.joined_text());
    }
    co_return result.joined_text();
  }

 private:
  Task<Result<ToolResult>> call(std::string tool, json::Object arguments) {
    ToolCall call;
    call.id = new_id("call_");
    call.principal = request_.principal;
    call.session_id = request_.session_id;
    call.task_id = request_.task_id;
    call.server = kBuiltinServer;
    call.tool = std::move(tool);
    call.arguments = std::move(arguments);
    call.origin = Origin::kCommand;
    call.deadline = deadline_;
    ToolOutcome outcome = co_await invoker_.invoke(std::move(call));
    if (outcome.denial) {
      denials_.push_back(*outcome.denial);
      co_return fail(orchestration::denial_error(*outcome.denial));
    }
    if (outcome.error) {
      co_return fail(*std::move(outcome.error));
    }
    co_return *std::move(outcome.result);
  }

  workflow::ToolInvoker& invoker_;
  const orchestration::TaskRequest& request_;
  Deadline deadline_;
  std::vector<Denial>& denials_;
};

}  // namespace

session::CommandListing command_files(const Settings& settings) {
  return session::find_commands(sources_of(settings, settings.config.trusted));
}

session::CommandListing CommandFiles::withheld() const {
  return settings_.config.trusted ? session::CommandListing{}
                                  : session::find_commands(sources_of(settings_, true));
}

Task<Result<orchestration::ExpandedCommand>> CustomCommands::expand(
    const orchestration::TaskRequest& request, orchestration::CommandWish wish, Deadline deadline,
    std::vector<Denial>& denials) {
  const std::string body(text::trim(wish.command->body));
  GovernedWorld world(parts_.invoker, request, deadline, denials);
  auto work = session::expand_command(*std::move(wish.command), std::move(wish.arguments), world);
  OAP_CO_TRY(session::Expansion filled, co_await std::move(work));
  orchestration::ExpandedCommand expanded;
  OAP_CO_TRY(expanded.agent, agent_for(filled));
  parts_.scopes.narrow(request.session_id, {filled.allowed_tools, {}});
  // Only what the template itself says begins a mission, never what was put into it.
  const auto template_call = session::parse_slash(body);
  const auto call = session::parse_slash(filled.text);
  if (template_call && call && (call->name == "task" || call->name == "plan") &&
      template_call->name == call->name) {
    parts_.desk.wish(request.session_id,
                     orchestration::MissionWish{call->arguments, call->name == "plan"});
    filled.text = call->arguments;
  }
  expanded.expansion = std::move(filled);
  co_return expanded;
}

/// Nothing where the command names neither agent nor model.
Result<std::optional<orchestration::AgentProfile>> CustomCommands::agent_for(
    const session::Expansion& expansion) const {
  std::string model = expansion.model;
  if (!model.empty() && model != "offline" && model.find('/') == std::string::npos) {
    if (model != "inherit") {
      log::warn("platform", "the command's model is left out: it is no provider/model",
                {{"model", model}});
    }
    model.clear();
  }
  const bool chosen = !parts_.model.empty() || parts_.settings.env("OAP_MODEL").value_or("") != "";
  if (expansion.agent.empty() && (model.empty() || chosen)) {
    return std::optional<orchestration::AgentProfile>();
  }
  const std::string& given = chosen || model.empty() ? parts_.model : model;
  OAP_TRY(orchestration::AgentProfile agent,
          make_agent(parts_.settings, parts_.models, given,
                     expansion.agent.empty() ? "worker" : expansion.agent));
  return std::optional(std::move(agent));
}

}  // namespace oap::platform
