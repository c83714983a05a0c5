#include "orchestration/turn_loop.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "async/event.hpp"
#include "async/scope.hpp"
#include "base/ids.hpp"
#include "orchestration/compact.hpp"
#include "orchestration/repetition.hpp"
#include "orchestration/report.hpp"
#include "orchestration/sendable.hpp"
#include "orchestration/structured.hpp"
#include "security/role_matrix.hpp"
#include "session/compaction.hpp"

namespace oap::orchestration {
namespace {

constexpr std::array<std::string_view, 4> kReads = {"read_file", "list_dir", "glob", "grep"};

bool all_are_reads(const std::vector<const ToolUseBlock*>& uses) {
  return std::all_of(uses.begin(), uses.end(),
                     [](const ToolUseBlock* use) { return only_reads(use->name); });
}

/// An answer whose calls have effects is on disk before the first of them starts.
store::Durability durability_of(const Message& answer) {
  return all_are_reads(answer.tool_uses()) ? store::Durability::kWritten : store::Durability::kSync;
}

bool is_cut(const llm::Response& response) {
  return response.stop == llm::StopReason::kMaxTokens ||
         response.stop == llm::StopReason::kContextExceeded;
}

constexpr std::string_view kTurnLimitMark = " (max_turns)";
constexpr std::string_view kRefusalMark = "the model refused: ";
constexpr std::string_view kCutOff = "the model's answer was cut off at its token limit";

/// Says in the last result that calls were left out.
void tell_left_out(Message& results, std::size_t count) {
  auto* const last =
      results.blocks.empty() ? nullptr : std::get_if<ToolResultBlock>(&results.blocks.back());
  if (count > 0 && last != nullptr) {
    last->text += fmt::format("\n[{} more calls of this answer were left out: one may have {}]",
                              count, Sendable::kMostCalls);
  }
}

}  // namespace

Ending ending_of(const Error& error) {
  const std::string& text = error.message();
  if (error.code() == Code::kFailedPrecondition && text.ends_with(kTurnLimitMark)) {
    return Ending::kTurnLimit;
  }
  if (error.code() != Code::kUpstream) {
    return Ending::kOther;
  }
  return text.starts_with(kRefusalMark) ? Ending::kRefusal
         : text == kCutOff              ? Ending::kTokenLimit
                                        : Ending::kOther;
}

bool only_reads(std::string_view tool) {
  return std::find(kReads.begin(), kReads.end(), tool) != kReads.end();
}

Task<Result<llm::Response>> TurnLoop::ask(const AgentProfile& agent, const Scope& scope,
                                          const std::vector<Message>& messages,
                                          const std::vector<ToolSpec>& tools) {
  llm::Request request;
  request.model = agent.model;
  request.agent = agent.name;
  request.system = agent.system;
  request.messages = messages;
  request.tools = definitions(tools);
  request.max_tokens = agent.max_tokens;
  request.temperature = agent.temperature;
  request.deadline = scope.deadline;
  llm::StreamSink sink;
  sink.on_text = [this, name = agent.name](std::string_view text) {
    tell(parts_.events.on_text, std::string_view(name), text);
  };
  sink.on_thought = [this, name = agent.name](std::string_view text) {
    tell(parts_.events.on_thought, std::string_view(name), text);
  };
  sink.on_retry = [this](std::string_view what) { tell(parts_.events.on_notice, what); };
  co_return co_await agent.provider->complete(std::move(request), std::move(sink));
}

Task<ToolOutcome> TurnLoop::run_call(Scope scope, ToolUseBlock use, ToolCall* made) {
  ToolCall call;
  call.id = new_id("call_");
  call.principal = scope.principal;
  call.session_id = scope.session_id;
  call.task_id = scope.task_id;
  call.tool = use.name;
  call.arguments = use.arguments;
  call.deadline = scope.deadline;
  call.origin = Origin::kAgent;
  ToolOutcome outcome;
  if (!use.invalid_arguments.empty()) {
    *made = std::move(call);
    outcome.error = Error(Code::kInvalidArgument,
                          "the arguments of " + use.name +
                              " were not a JSON object; send the call again with valid JSON",
                          Audience::kModel);
    co_return outcome;
  }
  auto name = parts_.catalog.parse_name(use.name);
  if (name) {
    call.server = name->server;
    call.tool = name->tool;
  } else {
    call.server = kBuiltinServer;
  }
  *made = call;
  if (parts_.scopes == nullptr || scope.side.empty()) {
    co_return co_await parts_.invoker.invoke(std::move(call));
  }
  const std::string id = call.id;
  parts_.scopes->begin_call(id, scope.side);
  outcome = co_await parts_.invoker.invoke(std::move(call));
  parts_.scopes->end_call(id);
  co_return outcome;
}

Task<Message> TurnLoop::run_calls(const Scope& scope, const Message& answer, TurnResult& result,
                                  Repetition& repetition) {
  const std::vector<const ToolUseBlock*> uses = answer.tool_uses();
  std::vector<CallRecord> records(uses.size());
  if (uses.size() > 1 && all_are_reads(uses)) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    async::Scope children(executor);
    const auto one = [](TurnLoop& loop, Scope own, ToolUseBlock use,
                        CallRecord& record) -> Task<void> {
      record.outcome = co_await loop.run_call(std::move(own), std::move(use), &record.call);
    };
    for (std::size_t i = 0; i < uses.size(); ++i) {
      children.spawn(one(*this, scope, *uses[i], records[i]));
    }
    co_await children.join();
  } else {
    for (std::size_t i = 0; i < uses.size(); ++i) {
      records[i].outcome = co_await run_call(scope, *uses[i], &records[i].call);
    }
  }
  Message results;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const ToolOutcome& outcome = records[i].outcome;
    ToolResultBlock block{uses[i]->id, outcome.text_for_model(), !outcome.ok()};
    if (repetition.note(*uses[i], block) && result.stuck_on.empty()) {
      result.stuck_on = uses[i]->name;
    }
    results.blocks.emplace_back(std::move(block));
    if (scope.keep_calls) {
      slim(records[i]);
      result.calls.push_back(std::move(records[i]));
    }
  }
  co_return results;
}

/// One conversation while it is at work. Lives in `run`.
struct TurnLoop::Talk {
  const AgentProfile& agent;
  const Scope& scope;
  const std::vector<ToolSpec>& tools;
  Conversation& conversation;
  std::vector<Message>& history;
  TurnResult& result;
  std::string key;  ///< of the ContextControl
  Sendable& sendable;
  std::size_t& left_out;  ///< calls of the last answer
};

/// Takes an answer in: what of it is kept, counted and sent back.
void TurnLoop::note(const Talk& talk, llm::Response& response) {
  if (talk.agent.provider->is_model()) {
    std::size_t sent = talk.agent.system.size();
    for (const Message& message : talk.history) {
      sent += response.usage.input_tokens > 0 ? 0 : session::size_of(message);
    }
    response.usage = countable(response.usage, sent, response.message);
    talk.left_out = talk.sendable.mend(response.message, talk.tools);
  }
  if (parts_.context != nullptr) {
    const Usage& usage = response.usage;
    parts_.context->reported(talk.key,
                             usage.input_tokens + usage.cache_read_tokens +
                                 usage.cache_write_tokens + usage.output_tokens,
                             talk.agent.window);
  }
}

/// Unless a hook does not want it.
Task<Result<bool>> TurnLoop::shorten(CompactionWork work, const Scope& scope) {
  hooks::Context context{scope.session_id, scope.task_id, scope.workspace, scope.principal};
  hooks::SessionEvent event{hooks::SessionEvent::Kind::kBeforeCompact, "auto"};
  const hooks::EventVerdict verdict =
      co_await parts_.hooks.session_event(std::move(context), std::move(event));
  if (verdict.block) {
    const std::string notice =
        "a hook keeps the conversation from being shortened: " + verdict.reason;
    tell(parts_.events.on_notice, std::string_view(notice));
    work.control.compacted(work.key);
    co_return false;
  }
  co_return co_await compact(std::move(work));
}

/// Asks; before it, where the conversation is due, and once after the model found it too long, the
/// conversation is shortened.
Task<Result<llm::Response>> TurnLoop::ask_shortening(Talk& talk) {
  const bool can_shorten = parts_.context != nullptr && talk.agent.provider->is_model();
  const auto shorter = [this, &talk](std::string reason) {
    CompactionWork work{talk.agent,   talk.tools,       talk.scope.deadline, std::move(reason),
                        talk.key,     *parts_.context,  talk.conversation,   parts_.events,
                        talk.history, talk.result.usage};
    return shorten(std::move(work), talk.scope);
  };
  if (can_shorten && parts_.context->is_due(talk.key)) {
    auto done = co_await shorter(std::string(kFull));
    if (!done) {
      co_return fail(std::move(done).error());
    }
  }
  auto response = co_await ask(talk.agent, talk.scope, talk.history, talk.tools);
  const bool too_long = response ? response->stop == llm::StopReason::kContextExceeded
                                 : response.error().code() == Code::kResourceExhausted;
  if (!too_long || !can_shorten) {
    co_return response;
  }
  auto done = co_await shorter(std::string(kTooLong));
  if (!done) {
    co_return fail(std::move(done).error());
  }
  if (!*done) {
    co_return response;
  }
  if (response) {
    talk.result.usage += response->usage;
  }
  co_return co_await ask(talk.agent, talk.scope, talk.history, talk.tools);
}

Task<Result<TurnResult>> TurnLoop::run(AgentProfile agent, Scope scope,
                                       std::vector<Message> history, std::vector<ToolSpec> tools,
                                       Conversation& conversation, TurnResult* so_far) {
  TurnResult own;
  TurnResult& result = so_far != nullptr ? *so_far : own;
  Repetition repetition;
  int injections = 0;
  if (agent.tools) {
    std::erase_if(tools, [&agent](const ToolSpec& tool) {
      return !security::names_tool(*agent.tools, tool.public_name());
    });
  }
  const std::string key = conversation.is_stored() ? scope.session_id : new_id("turns_");
  scope.side = conversation.is_stored() ? "" : key;
  const SideTurn side(scope.side.empty() ? nullptr : parts_.scopes, scope.session_id, key);
  Sendable sendable(history);
  std::size_t left_out = 0;
  Talk talk{agent, scope, tools, conversation, history, result, key, sendable, left_out};
  for (int turn = 1;; ++turn) {
    if (scope.may_begin) {
      OAP_CO_CHECK_OK(scope.may_begin(turn, result.usage));
    }
    if (co_await async::cancel_requested()) {
      co_return fail(Code::kCancelled, "cancelled");
    }
    if (const auto stop = parts_.hooks.stop_wanted(scope.session_id)) {
      co_return fail(Code::kFailedPrecondition, "a hook stopped the run: {}", *stop);
    }
    if (agent.max_turns && turn > *agent.max_turns) {
      co_return fail(Code::kFailedPrecondition, "the agent {} was not done after its {} turns{}",
                     agent.name, *agent.max_turns, kTurnLimitMark);
    }
    if (scope.deadline.passed()) {
      co_return fail(Code::kDeadlineExceeded,
                     "the agent did not finish in time (routing.agent_timeout)");
    }
    auto response = co_await ask_shortening(talk);
    if (!response) {
      co_return fail(as_provider_error(std::move(response).error(), scope.deadline));
    }
    note(talk, *response);
    result.usage += response->usage;
    result.stop = response->stop;
    tell(parts_.events.on_usage, response->usage);
    const store::Durability needed = durability_of(response->message);
    OAP_CO_CHECK_OK(co_await conversation.append(response->message, needed));
    tell(parts_.events.on_message, std::string_view(agent.name), response->message);
    history.push_back(response->message);
    const Message& answer = history.back();
    if (!answer.tool_uses().empty()) {
      Message answered = answer;
      Message results = co_await run_calls(scope, answered, result, repetition);
      tell_left_out(results, left_out);
      OAP_CO_CHECK_OK(co_await conversation.append(results, store::Durability::kWritten));
      tell(parts_.events.on_message, std::string_view(agent.name), results);
      history.push_back(std::move(results));
      if (!result.stuck_on.empty()) {
        co_return fail(Code::kFailedPrecondition,
                       "the agent {} made the same call of {} {} times, and it failed each time in "
                       "the same way",
                       agent.name, result.stuck_on, Repetition::kStopAfter);
      }
      continue;
    }
    result.final_text = answer.joined_text();
    if (response->stop == llm::StopReason::kRefusal && agent.provider->is_model()) {
      co_return fail(Code::kUpstream, "{}{}", kRefusalMark, result.final_text);
    }
    if (is_cut(*response) && result.final_text.empty()) {
      co_return fail(Code::kUpstream, "{}", kCutOff);
    }
    hooks::Context context{scope.session_id, scope.task_id, scope.workspace,
                           scope.principal,  std::string(), !conversation.is_stored()};
    const hooks::DoneOutcome done =
        co_await parts_.hooks.assistant_done(std::move(context), result.final_text);
    if (parts_.context != nullptr && agent.provider->is_model() &&
        parts_.context->take_request(talk.key)) {
      CompactionWork work{agent,    tools,           scope.deadline, std::string(kFull),
                          talk.key, *parts_.context, conversation,   parts_.events,
                          history,  result.usage};
      OAP_CO_TRY([[maybe_unused]] const bool shortened, co_await shorten(std::move(work), scope));
    }
    if (done.verdict.action == hooks::DoneVerdict::Action::kStop && done.verdict.failed) {
      co_return fail(Code::kUpstream, "{}", done.verdict.reason);
    }
    if (done.verdict.action != hooks::DoneVerdict::Action::kInject ||
        injections >= scope.max_injections) {
      co_return std::move(result);
    }
    ++injections;
    for (const std::string& prompt : done.verdict.prompts) {
      Message injected = Message::user(prompt);
      OAP_CO_CHECK_OK(co_await conversation.append(injected, store::Durability::kWritten));
      tell(parts_.events.on_message, std::string_view(agent.name), injected);
      history.push_back(std::move(injected));
    }
  }
}

}  // namespace oap::orchestration
