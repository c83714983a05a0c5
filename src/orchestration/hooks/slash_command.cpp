#include "orchestration/hooks/slash_command.hpp"

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kShown = 10;

constexpr std::string_view kHelp =
    "/task OBJECTIVE   begin a mission; without an objective go on with the open one\n"
    "/plan OBJECTIVE   make the plan only\n"
    "/status           the missions of this workspace\n"
    "/stop [MISSION]   end the open mission\n"
    "/cancel [MISSION] the same\n"
    "/agents           who does what\n"
    "/help             this text\n";

constexpr std::string_view kAgents =
    "commander  carries a mission: plans, delegates, answers for the result; changes no source\n"
    "planner    makes and mends the plan (.opencode/todo.md); writes docs only\n"
    "worker     changes files and runs commands; does not touch the plan\n"
    "reviewer   checks by running; alone closes items, with recorded evidence\n";

bool is_name(char c) { return text::is_alpha(c) || text::is_digit(c) || c == '_' || c == '-'; }

hooks::ChatVerdict answered(std::string text) {
  hooks::ChatVerdict verdict;
  verdict.action = hooks::ChatVerdict::Action::kIntercept;
  verdict.text = std::move(text);
  return verdict;
}

}  // namespace

std::optional<SlashCall> parse_slash(std::string_view text) {
  text = text::trim(text);
  if (text.size() < 2 || text.front() != '/') {
    return std::nullopt;
  }
  std::size_t end = 1;
  while (end < text.size() && is_name(text[end])) {
    ++end;
  }
  if (end == 1 || (end < text.size() && !text::is_space(text[end]))) {
    return std::nullopt;
  }
  return SlashCall{text::lower_ascii(text.substr(1, end - 1)),
                   std::string(text::trim(text.substr(end)))};
}

Task<Result<hooks::ChatVerdict>> SlashCommandHook::on_message(const hooks::Context& context,
                                                              std::string text) {
  const auto call = parse_slash(text);
  if (!call) {
    co_return hooks::ChatVerdict::process();
  }
  if (call->name == "help") {
    co_return answered(std::string(kHelp));
  }
  if (call->name == "agents") {
    co_return answered(std::string(kAgents));
  }
  if (missions_ == nullptr) {
    co_return hooks::ChatVerdict::process();
  }
  if (call->name == "status") {
    OAP_CO_TRY(std::string told, status(context.workspace));
    co_return answered(std::move(told));
  }
  if (call->name == "stop" || call->name == "cancel") {
    OAP_CO_TRY(std::string told, stop(context, call->arguments));
    co_return answered(std::move(told));
  }
  co_return hooks::ChatVerdict::process();
}

Result<std::string> SlashCommandHook::status(const std::string& workspace) {
  store::MissionFilter filter;
  filter.workspace = workspace;
  filter.limit = kShown;
  OAP_TRY(const std::vector<store::MissionRecord> missions, missions_->list(filter));
  if (missions.empty()) {
    return std::string("there is no mission here; /task OBJECTIVE begins one\n");
  }
  std::string told;
  for (const store::MissionRecord& mission : missions) {
    told += fmt::format("{} {}{}{}: {}\n", mission.id, mission.state,
                        mission.waits_for.empty() ? "" : " for " + mission.waits_for,
                        mission.reason.empty() ? "" : " (" + mission.reason + ")",
                        mission.objective.substr(0, mission.objective.find('\n')));
  }
  return told;
}

Result<std::string> SlashCommandHook::stop(const hooks::Context& context,
                                           const std::string& which) {
  std::string id;
  if (!which.empty()) {
    OAP_TRY(id, missions_->resolve(which));
  } else {
    store::MissionFilter filter;
    filter.workspace = context.workspace;
    filter.open_only = true;
    OAP_TRY(const std::vector<store::MissionRecord> open, missions_->list(filter));
    if (open.empty()) {
      return std::string("there is no open mission here\n");
    }
    if (open.size() > 1) {
      std::string told = "more than one mission is open here; say which:\n";
      for (const store::MissionRecord& mission : open) {
        told += fmt::format("/stop {}   {}\n", mission.id,
                            mission.objective.substr(0, mission.objective.find('\n')));
      }
      return told;
    }
    id = open.front().id;
  }
  OAP_TRY(const std::string told, stop_(id));
  return told + "\n";
}

}  // namespace oap::orchestration
