#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "acp/agent_parts.hpp"
#include "acp/turn.hpp"
#include "base/log.hpp"

namespace oap::acp {
namespace {

constexpr std::size_t kPage = 50;

json::Object session_json(const store::SessionRecord& record) {
  json::Object out{{"sessionId", record.id},
                   {"cwd", record.workspace},
                   {"updatedAt", format_time(record.updated_at)}};
  if (!record.title.empty()) {
    out["title"] = record.title;
  }
  return out;
}

Result<std::size_t> place_of(std::string_view cursor) {
  std::size_t place = 0;
  const auto read = std::from_chars(cursor.data(), cursor.data() + cursor.size(), place);
  if (cursor.empty() || read.ec != std::errc() || read.ptr != cursor.data() + cursor.size()) {
    return fail(Code::kInvalidArgument, "the cursor is none that this agent gave");
  }
  return place;
}

std::optional<ExecutionPath> path_of(const Chosen& chosen) {
  if (chosen.path == Paths::kRouter) {
    return std::nullopt;
  }
  return chosen.path == Paths::kAgents ? ExecutionPath::kAgent : ExecutionPath::kFast;
}

}  // namespace

Task<Agent::Answer> Agent::begin(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> made, open(params, OpenRequest::How::kNew));
  co_return state_of(*made);
}

Task<Agent::Answer> Agent::load(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> made, co_await reopen(std::move(params)));
  const std::string id = made->session->id();
  const auto records = made->session->records();
  if (!records) {
    OAP_CO_CHECK_OK(co_await shut(made, true));
    co_return fail(records.error());
  }
  for (json::Object& shown : replay(*records, made->session->cwd())) {
    update(id, std::move(shown));
  }
  co_return state_of(*made);
}

Task<Agent::Answer> Agent::resume(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> made, co_await reopen(std::move(params)));
  co_return state_of(*made);
}

Task<Agent::Answer> Agent::fork(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> made, open(params, OpenRequest::How::kFork));
  co_return state_of(*made);
}

Task<Agent::Answer> Agent::list(json::Object params) {
  std::optional<std::string> cwd;
  if (const json::Value* given = json::find(params, "cwd"); given != nullptr && !given->is_null()) {
    OAP_CO_TRY(cwd, required_text(params, "cwd"));
  }
  std::size_t from = 0;
  if (const json::Value* given = json::find(params, "cursor");
      given != nullptr && !given->is_null()) {
    OAP_CO_TRY(from, place_of(json::get_string(params, "cursor")));
  }
  OAP_CO_TRY(const std::vector<store::SessionRecord> records, host_.list(cwd));
  json::Array sessions;
  const std::size_t end = std::min(records.size(), std::min(from, records.size()) + kPage);
  for (std::size_t i = std::min(from, records.size()); i < end; ++i) {
    sessions.push_back(session_json(records[i]));
  }
  json::Object out{{"sessions", std::move(sessions)}};
  if (end < records.size()) {
    out["nextCursor"] = std::to_string(end);
  }
  co_return out;
}

Task<Agent::Answer> Agent::close(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> found, find(params));
  OAP_CO_CHECK_OK(co_await shut(found, false));
  co_return json::Object{};
}

Task<Agent::Answer> Agent::remove(json::Object params) {
  OAP_CO_TRY(const std::string id, required_text(params, "sessionId"));
  if (const auto found = sessions_.find(id); found != sessions_.end()) {
    const std::shared_ptr<Open> open = found->second;
    OAP_CO_CHECK_OK(co_await shut(open, true));
  }
  OAP_CO_CHECK_OK(host_.remove(id));
  co_return json::Object{};
}

Task<Agent::Answer> Agent::prompt(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> open, find(params));
  if (open->turn || open->closing) {
    co_return fail(Code::kFailedPrecondition, "a prompt is under way in {}; session/cancel ends it",
                   open->session->id());
  }
  TurnRequest request;
  OAP_CO_TRY(request.text, prompt_text(params, open->session->cwd()));
  request.model = open->chosen.model == open->models.front() ? "" : open->chosen.model;
  request.path = path_of(open->chosen);
  const std::string id = open->session->id();
  open->turn.emplace();
  open->idle.reset();
  Turn turn({*open->session, open->chosen.model, open->cost,
             [this, id](json::Object shown) { update(id, std::move(shown)); }});
  auto task = open->session->prompt(std::move(request), turn.events());
  const auto report = co_await async::cancellable(open->turn->token(), std::move(task));
  const bool cancelled =
      open->turn->requested() || (!report && report.error().code() == Code::kCancelled);
  Answer answer = json::Object{{"stopReason", "cancelled"}};
  open->cost = turn.cost();
  if (cancelled) {
    turn.abandon();
    if (const auto settled = open->session->settle(); !settled) {
      log::warn("acp", "a cancelled turn was not closed in the history",
                {{"session", id}, {"why", settled.error().to_string()}});
    }
  } else if (!report) {
    turn.abandon();
    answer = fail(report.error());
  } else {
    turn.finish(*report);
    answer = stop_reason(*report);
  }
  tell_title(*open);
  open->turn.reset();
  open->idle.notify();
  co_return answer;
}

Agent::Answer Agent::stop_reason(const orchestration::TaskReport& report) const {
  using orchestration::Ending;
  const char* reason = "end_turn";
  if (report.error) {
    const Code code = report.error->code();
    const Ending ending = orchestration::ending_of(*report.error);
    if (code == Code::kCancelled) {
      reason = "cancelled";
    } else if (ending != Ending::kOther) {
      reason = ending == Ending::kTurnLimit    ? "max_turn_requests"
               : ending == Ending::kTokenLimit ? "max_tokens"
                                               : "refusal";
    } else if (!Turn::belongs_to_the_talk(*report.error)) {
      return fail(*report.error);
    }
  }
  return json::Object{{"stopReason", reason}};
}

void Agent::tell_title(const Open& open) {
  const auto record = open.session->record();
  if (record && !record->title.empty()) {
    update(record->id, {{"sessionUpdate", "session_info_update"},
                        {"title", record->title},
                        {"updatedAt", format_time(record->updated_at)}});
  }
}

Task<Agent::Answer> Agent::set_mode(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> open, find(params));
  OAP_CO_TRY(const std::string mode, required_text(params, "modeId"));
  OAP_CO_CHECK_OK(choose(open->chosen, open->models, "mode", mode));
  open->approver.set_mode(open->chosen.mode);
  update(open->session->id(), {{"sessionUpdate", "config_option_update"},
                               {"configOptions", options_json(open->chosen, open->models)}});
  co_return json::Object{};
}

Task<Agent::Answer> Agent::set_option(json::Object params) {
  OAP_CO_TRY(const std::shared_ptr<Open> open, find(params));
  OAP_CO_TRY(const std::string option, required_text(params, "configId"));
  OAP_CO_TRY(const std::string value, required_text(params, "value"));
  OAP_CO_CHECK_OK(choose(open->chosen, open->models, option, value));
  open->approver.set_mode(open->chosen.mode);
  if (option == "mode") {
    update(open->session->id(),
           {{"sessionUpdate", "current_mode_update"}, {"currentModeId", open->chosen.mode}});
  }
  co_return json::Object{{"configOptions", options_json(open->chosen, open->models)}};
}

}  // namespace oap::acp
