#include "orchestration/mission/mission_run.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "async/cancel.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "orchestration/mission/mission_prompts.hpp"
#include "orchestration/mission/seal.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::orchestration {
namespace {

constexpr std::size_t kResultBytes = 16U << 10U;
constexpr std::size_t kContentBytes = 32U << 10U;

bool is_provider_failure(Code code) {
  return code == Code::kUnavailable || code == Code::kUpstream || code == Code::kUnauthenticated ||
         code == Code::kNeedsModel || code == Code::kConfiguration ||
         code == Code::kDeadlineExceeded;
}

json::Array texts(const std::vector<std::string>& lines, std::size_t most) {
  json::Array list;
  for (std::size_t i = 0; i < lines.size() && i < most; ++i) {
    list.emplace_back(lines[i]);
  }
  return list;
}

}  // namespace

MissionRun::MissionRun(MissionParts parts, MissionEvents events, store::MissionRecord record,
                       MissionMemory memory)
    : parts_(std::move(parts)),
      events_(std::move(events)),
      record_(std::move(record)),
      body_(body_from_json(record_.body)),
      journal_(parts_.missions, record_.id, record_.epoch, parts_.clock),
      note_(note_file(parts_.lock_folder, record_.id)),
      files_(parts_.workspace, body_.plan_folder,
             parts_.lock_folder + "/" + record_.id + ".plan.lock"),
      evidence_(parts_.workspace, parts_.blocking, std::move(memory.evidence)),
      delegation_(
          Delegation::Parts{parts_.executor, body_.limits,
                            [this](DelegatedTask task) { return run_agent(std::move(task)); },
                            [this](const DelegatedTask& task) { return make_session(task); },
                            [this](std::string kind, json::Object body) {
                              return journal_.append(std::move(kind), std::move(body));
                            },
                            [this] { wake_.notify(); }, parts_.clock}),
      began_(parts_.clock.steady()),
      wake_(parts_.executor) {
  begin_anew();
  take_note(body_, session::UsageNote::read(note_file(parts_.lock_folder, record_.id)));
  delegation_.restore(std::move(memory.tasks));
  parts_.desk.enter({record_.session_id, "commander", "", 0, record_.session_id}, *this);
}

MissionRun::~MissionRun() { parts_.desk.leave(record_.session_id); }

Result<void> MissionRun::apply(const MissionEvent& event, json::Object facts) {
  MissionStep step = step_mission(body_.status, event, body_.limits);
  body_.status = std::move(step.status);
  body_.active = active_time();
  if (!rests_) {
    begin_anew();
  }
  const bool halts = std::any_of(step.effects.begin(), step.effects.end(), [](const auto& effect) {
    return std::holds_alternative<Halt>(effect) || std::holds_alternative<AskUser>(effect);
  });
  facts["to"] = to_string(body_.status.state);
  facts["reason"] = body_.status.reason;
  facts["iteration"] = body_.status.iteration;
  if (auto written = journal_.write(std::string(name_of(event)), std::move(facts), body_,
                                    halts && !parts_.person.is_there());
      !written) {
    lost_ = written.error();
    delegation_.hold();
    return fail(std::move(written).error());
  }
  calls_since_write_ = 0;
  written_requests_ = body_.usage.requests;
  act(step.effects);
  if (events_.on_state) {
    events_.on_state(body_.status);
  }
  return {};
}

void MissionRun::act(const std::vector<MissionEffect>& effects) {
  for (const MissionEffect& effect : effects) {
    if (const auto* const go_on = std::get_if<Continue>(&effect)) {
      plan_.go_on = *go_on;
    } else if (std::holds_alternative<WaitForChildren>(effect)) {
      plan_.wait_for_children = true;
    } else if (std::holds_alternative<AskUser>(effect)) {
      plan_.ask_person = true;
    } else if (const auto* const retry = std::get_if<RetryLater>(&effect)) {
      plan_.retry_after = retry->after;
    } else if (std::holds_alternative<HoldChildren>(effect)) {
      delegation_.hold();
    } else if (std::holds_alternative<CancelChildren>(effect)) {
      delegation_.cancel_all();
    } else {
      plan_ = {};
      plan_.halt = true;
    }
  }
}

Task<Result<MissionReport>> MissionRun::drive(std::optional<ResumeAsked> resume,
                                              std::string answer) {
  async::Scope beside(parts_.executor);
  beside.spawn(keep_lease());
  beside.spawn(listen());
  answer_ = std::move(answer);
  Result<void> going;
  if (resume) {
    resume->children = delegation_.take_up();
    going = apply(*resume);
  } else {
    fresh_ = true;
    body_.tree_at_start = co_await evidence_.tree();
    going = journal_.write("at_work", json::Object{{"tree", body_.tree_at_start}}, body_, false,
                           store::Durability::kWritten);
    plan_.go_on = Continue{};
  }
  while (going && !plan_.halt) {
    going = co_await move();
  }
  beside.cancel();
  co_await beside.join();
  if (!going) {
    delegation_.hold();
  }
  co_await delegation_.join();
  if (!going) {
    co_return fail(std::move(going).error());
  }
  if (const auto left = journal_.renew(Millis(0));
      !left) {  // whoever goes on with it need not wait
    log::debug("missions", "the lease had ended already", {{"why", left.error().message()}});
  }
  if (is_end(body_.status.state) && written_requests_ == body_.usage.requests) {
    note_.drop();
  }
  MissionReport told = report();
  if (is_end(body_.status.state) || told.verdict.counts.total == 0) {
    told.verdict = co_await look();
  }
  co_return told;
}

/// One move: what the machine asked for last.
Task<Result<void>> MissionRun::move() {
  if (Result<void> taken = take_orders_in(); !taken || plan_.halt) {
    co_return taken;
  }
  Plan now = std::exchange(plan_, Plan{});
  if (now.go_on) {
    plan_.go_on = now.go_on;
    std::string prompt = std::exchange(prepared_, {});
    if (prompt.empty()) {
      prompt = co_await next_prompt();
    }
    plan_.go_on.reset();
    co_return co_await commander_turn(std::move(prompt));
  }
  if (now.wait_for_children) {
    co_return co_await wait_for_children();
  }
  if (now.ask_person) {
    co_return co_await ask_person();
  }
  if (now.retry_after) {
    const auto slept = co_await async::sleep_for(*now.retry_after);
    co_return slept ? apply(RetryDue{})
                    : apply(PauseAsked{parts_.principal.user_id, "interrupted", true});
  }
  co_return fail(Code::kInternal, "the mission {} has nothing to do and has not ended", record_.id);
}

const session::SystemMessages& MissionRun::messages() const {
  static const session::SystemMessages kBuiltin;
  return parts_.context != nullptr ? parts_.context->messages() : kBuiltin;
}

Task<std::string> MissionRun::next_prompt() {
  const Continue why = plan_.go_on.value_or(Continue{});
  plan_.go_on.reset();
  turns_ = 0;
  if (std::exchange(fresh_, false)) {
    verdict_ = co_await look();
    co_return mission_brief(messages(), record_.objective, body_.plan_folder, body_.plan_only,
                            verdict_);
  }
  if (why.why == Continue::Why::kResumed || why.why == Continue::Why::kResults) {
    verdict_ = co_await look();
  }
  ContinuationFacts facts;
  facts.why = why;
  facts.objective = record_.objective;
  facts.plan_folder = body_.plan_folder;
  facts.iteration = body_.status.iteration;
  facts.limit = body_.limits.iterations;
  facts.verdict = verdict_;
  facts.ready = files_.ready();
  facts.in_doubt = std::exchange(new_doubts_, {});
  facts.answer = std::exchange(answer_, {});
  facts.question = last_question_;
  for (const DelegatedTask& task : delegation_.undelivered()) {
    facts.results.push_back(result_text(task, kResultBytes));
    to_acknowledge_.push_back(task.id);
  }
  co_return continuation_text(messages(), facts);
}

Task<Result<void>> MissionRun::commander_turn(std::string prompt) {
  auto history = parts_.sessions.history(record_.session_id);
  if (!history) {
    co_return apply(Broken{"its conversation cannot be read: " + history.error().to_string()});
  }
  if (std::string doubts = find_doubts(*history); !doubts.empty()) {
    prompt += doubts;
  }
  const std::unique_ptr<Conversation> conversation = parts_.conversation(record_.session_id);
  Message message = Message::user(std::move(prompt));
  OAP_CO_CHECK_OK(co_await conversation->append(message, store::Durability::kSync));
  history->push_back(std::move(message));
  const MissionSeat seat{record_.session_id, "commander", "", 0};
  TurnLoop::Scope scope = scope_of(seat);
  scope.may_begin = [this](int turn, const Usage&) { return may_begin(turn, true); };
  scope.max_injections = std::numeric_limits<int>::max();
  const Deadline listed = Deadline::after(Millis(10'000));
  std::vector<ToolSpec> tools =
      tools_for_role(co_await parts_.catalog.all(listed), "commander", true);
  const auto invoker = make_invoker(seat);
  TurnLoop loop({*invoker, parts_.catalog, parts_.hooks, events_for(true), parts_.context});
  judged_ = false;
  turn_cancel_ = async::CancelSource();
  auto work = loop.run(parts_.agents.commander, std::move(scope), *std::move(history),
                       std::move(tools), *conversation);
  auto bounded = async::cancellable(turn_cancel_.token(), std::move(work));
  Result<TurnResult> turns = co_await std::move(bounded);
  if (lost_) {
    co_return fail(*lost_);
  }
  if (!turns) {
    co_return co_await after_failure(std::move(turns).error());
  }
  if (!judged_) {  // another hook ended the vote before the mission was asked
    hooks::DoneVerdict verdict = co_await turn_ended(turns->final_text);
    if (!verdict.prompts.empty()) {
      plan_.go_on = Continue{};
      prepared_ = std::move(verdict.prompts.front());
    }
  }
  co_return lost_ ? Result<void>(fail(*lost_)) : Result<void>{};
}

Task<Result<void>> MissionRun::after_failure(Error error) {
  OAP_CO_CHECK_OK(take_orders_in());
  if (plan_.halt) {
    co_return Result<void>{};
  }
  if (spent_) {
    co_return apply(*std::exchange(spent_, std::nullopt));
  }
  if (auto spent = spent_budget()) {
    co_return apply(*spent);
  }
  if (error.code() == Code::kCancelled) {
    co_return apply(PauseAsked{parts_.principal.user_id, "interrupted", true});
  }
  if (is_provider_failure(error.code())) {
    const bool again =
        error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded;
    co_return apply(ProviderFailed{parts_.redact(error.to_string()), again});
  }
  if (error.code() == Code::kDataLoss || error.code() == Code::kInternal) {
    co_return apply(Broken{parts_.redact(error.to_string())});
  }
  const bool stuck = error.code() == Code::kFailedPrecondition;  // the same failure over and over
  co_return apply(BudgetSpent{stuck ? "no_progress" : "error", parts_.redact(error.to_string())});
}

Task<Result<void>> MissionRun::wait_for_children() {
  while (delegation_.undelivered().empty() && delegation_.count_open() > 0) {
    wake_.reset();
    const Deadline never = Deadline::never();  // `listen` looks at the time
    const async::Event::Wake woken = co_await wake_.wait(never);
    OAP_CO_CHECK_OK(take_orders_in());
    if (plan_.halt) {
      co_return Result<void>{};
    }
    if (spent_) {
      co_return apply(*std::exchange(spent_, std::nullopt));
    }
    if (woken == async::Event::Wake::kCancelled) {
      co_return apply(PauseAsked{parts_.principal.user_id, "interrupted", true});
    }
    if (auto spent = spent_budget()) {
      co_return apply(*spent);
    }
  }
  co_return apply(ChildEnded{});
}

Task<Result<void>> MissionRun::ask_person() {
  if (answer_.empty() && parts_.person.is_there()) {
    begin_rest();
    auto answer = co_await parts_.person.answer(body_.status.question);
    begin_anew();
    answer_ = answer.value_or("");
  }
  if (answer_.empty()) {
    plan_.halt = true;
    co_return Result<void>{};
  }
  co_return apply(Answered{}, {{"answer", parts_.redact(answer_)}});
}

Task<hooks::DoneVerdict> MissionRun::turn_ended(std::string final_text) {
  judged_ = true;
  hooks::DoneVerdict verdict;
  verdict.action = hooks::DoneVerdict::Action::kStop;
  body_.content = parts_.redact(text::truncate_utf8(final_text, kContentBytes));
  acknowledge();
  verdict_ = co_await look();
  TurnEnded turn;
  turn.sealed = has_seal(final_text);
  turn.question = std::exchange(question_, {});
  turn.text_question = last_question_ = closing_question(final_text);
  turn.attended = parts_.person.is_there();
  turn.complete = verdict_.complete;
  turn.has_plan = verdict_.has_plan;
  turn.plan_closed = verdict_.plan_closed;
  turn.only_blocked = verdict_.only_blocked;
  turn.fingerprint = verdict_.fingerprint;
  turn.open = verdict_.open;
  turn.children = delegation_.count_open();
  if (body_.plan_only && turn.has_plan && turn.children == 0) {
    if (!apply(PauseAsked{"the runtime", "the plan is made; resume carries it out", false})) {
      co_return verdict;
    }
    body_.status.reason_code = "planned";
    body_.plan_only = false;
    [[maybe_unused]] const auto kept = journal_.write("planned", json::Object{}, body_, true);
    co_return verdict;
  }
  json::Object facts{{"sealed", turn.sealed},
                     {"complete", turn.complete},
                     {"open", texts(turn.open, 20)},
                     {"fingerprint", turn.fingerprint}};
  if (!apply(turn, std::move(facts)) || !take_orders_in() || !plan_.go_on) {
    verdict.reason = body_.status.reason;
    co_return verdict;
  }
  if (parts_.person.is_there() && parts_.countdown.count() > 0) {
    spoke_ = false;
    begin_rest();
    const bool go_on = co_await parts_.person.countdown(
        fmt::format("iteration {} of {}", body_.status.iteration + 1, body_.limits.iterations),
        parts_.countdown);
    begin_anew();
    if (!go_on || std::exchange(spoke_, false)) {
      [[maybe_unused]] const auto paused =
          apply(PauseAsked{parts_.principal.user_id, "interrupted", true});
      verdict.reason = body_.status.reason;
      co_return verdict;
    }
  }
  verdict.action = hooks::DoneVerdict::Action::kInject;
  verdict.reason = "the mission goes on";
  verdict.prompts.push_back(co_await next_prompt());
  co_return verdict;
}

void MissionRun::user_spoke() { spoke_ = true; }

}  // namespace oap::orchestration
