#include "orchestration/hooks/slash_command.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kShown = 10;

constexpr std::string_view kOwn[] = {"task",   "plan",   "status", "stop",
                                     "cancel", "agents", "help",   "compact"};

constexpr std::string_view kHelp =
    "/task OBJECTIVE   begin a mission; without an objective go on with the open one\n"
    "/plan OBJECTIVE   make the plan only\n"
    "/status           the missions of this workspace\n"
    "/stop [MISSION]   end the open mission\n"
    "/cancel [MISSION] the same\n"
    "/agents           who does what\n"
    "/compact [HINT]   shorten what the model remembers of this session\n"
    "/help             this text\n";

constexpr std::string_view kAgents =
    "commander  carries a mission: plans, delegates, answers for the result; changes no source\n"
    "planner    makes and mends the plan (.opencode/todo.md); writes docs only\n"
    "worker     changes files and runs commands; does not touch the plan\n"
    "reviewer   checks by running; alone closes items, with recorded evidence\n";

hooks::ChatVerdict answered(std::string text) {
  hooks::ChatVerdict verdict;
  verdict.action = hooks::ChatVerdict::Action::kIntercept;
  verdict.text = std::move(text);
  return verdict;
}

}  // namespace

bool is_own_command(std::string_view name) {
  return std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn);
}

std::string SlashCommandHook::help() const {
  std::string text(kHelp);
  if (book_ == nullptr) {
    return text;
  }
  const session::CommandListing listing = book_->commands();
  for (const session::CommandDefinition& command : listing.commands) {
    if (!is_own_command(text::lower_ascii(command.name))) {
      text += fmt::format(
          "/{:<16} {}\n",
          text::escape_visible(command.name +
                               (command.argument_hint.empty() ? "" : " " + command.argument_hint)),
          text::escape_visible(command.description));
    }
  }
  for (const std::string& problem : listing.problems) {
    text += problem + "\n";
  }
  return text;
}

/// The command of a file, or why there is none.
CommandWish SlashCommandHook::of_file(const SlashCall& call) const {
  const auto is_it = [&call](const session::CommandDefinition& command) {
    return text::lower_ascii(command.name) == call.name;
  };
  CommandWish wish;
  wish.name = call.name;
  wish.arguments = call.arguments;
  session::CommandListing listing = book_->commands();
  const auto found = std::find_if(listing.commands.begin(), listing.commands.end(), is_it);
  if (found != listing.commands.end()) {
    wish.command = std::move(*found);
    return wish;
  }
  const session::CommandListing withheld = book_->withheld();
  if (std::any_of(withheld.commands.begin(), withheld.commands.end(), is_it)) {
    wish.refusal = Error(Code::kUsage,
                         fmt::format("/{} is a command of this folder, which is not trusted; look "
                                     "at it and run: oap trust",
                                     call.name));
    return wish;
  }
  std::vector<std::string> names;
  for (const std::string_view own : kOwn) {
    names.push_back("/" + std::string(own));
  }
  for (const session::CommandDefinition& command : listing.commands) {
    names.push_back("/" + command.name);
  }
  std::string why = fmt::format("there is no command /{}{}; /help lists them", call.name,
                                text::did_you_mean("/" + call.name, names));
  for (const std::string& problem : listing.problems) {
    why += "; " + problem;
  }
  wish.refusal = Error(Code::kUsage, std::move(why));
  return wish;
}

Task<Result<hooks::ChatVerdict>> SlashCommandHook::on_message(const hooks::Context& context,
                                                              std::string text) {
  const auto call = parse_slash(text);
  if (!call) {
    co_return hooks::ChatVerdict::process();
  }
  if (call->name == "help") {
    co_return answered(help());
  }
  if (call->name == "agents") {
    co_return answered(std::string(kAgents));
  }
  if (book_ != nullptr && !is_own_command(call->name)) {
    desk_.wish(context.session_id, of_file(*call));
  } else if (call->name == "compact") {
    CommandWish wish;
    wish.name = call->name;
    wish.arguments = call->arguments;
    wish.compacts = true;
    desk_.wish(context.session_id, std::move(wish));
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
