#include "cli/chat/chat.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "async/signal.hpp"
#include "os/file.hpp"
#include "platform/missions.hpp"
#include "platform/models.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Colour;
using terminal::Line;
using terminal::Style;

constexpr int kInterrupted = 130;
constexpr Millis kLeaveWithin{2'000};
constexpr std::size_t kMostQueuedRows = 3;
constexpr std::size_t kMostStepRows = 8;
constexpr Style kQuiet{.colour = Colour::kGrey};
constexpr std::string_view kMissionPaused =
    "Paused, and kept: /task goes on with the mission, /stop ends it; what you write goes on with "
    "it, too.";

std::string_view step_mark(std::string_view state) {
  if (state == "completed") {
    return "✓ ";
  }
  if (state == "failed" || state == "cancelled") {
    return "✗ ";
  }
  return state == "running" ? "▸ " : state == "skipped" ? "– " : "· ";
}

void take_last(std::vector<Line>& out, std::vector<Line> rows, std::size_t& left) {
  const std::size_t skip = rows.size() > left ? rows.size() - left : 0;
  left -= rows.size() - skip;
  std::move(rows.begin() + static_cast<std::ptrdiff_t>(skip), rows.end(), std::back_inserter(out));
}

}  // namespace

Chat::Chat(platform::Platform& platform, ChatApprover& approver, ChatOptions options)
    : platform_(platform),
      approver_(approver),
      options_(std::move(options)),
      history_(platform.settings().paths.state_dir + "/chat_history",
               [&platform](std::string_view text) { return platform.redactor().redact(text); }),
      transcript_([this](std::vector<Line> rows) { front_->print(std::move(rows)); },
                  &platform.scanner()),
      has_work_(platform.executor()),
      leave_(platform.executor()),
      session_(options_.session) {}

Chat::~Chat() = default;

Task<int> Chat::run(Front& front) {
  front_ = &front;
  transcript_.set_look({front.width(), front.paint() == terminal::Paint::kNone});
  front.editor().set_history(history_.load());
  approver_.attach([this] { on_question(); });
  platform_.missions().set_person(this);
  const async::Signals signals(platform_.executor(), [this](int number, int) {
    if (number == SIGINT) {
      interrupted(true);
    } else {
      leave(kInterrupted);
    }
  });
  greet();
  async::Scope scope(platform_.executor());
  scope.spawn(front.listen());
  scope.spawn(front.animate());
  scope.spawn(work());
  const Deadline never = Deadline::never();
  co_await leave_.wait_shielded(never);
  approver_.attach({});
  if (cancel_) {
    cancel_->request();
  }
  scope.cancel();
  co_await scope.join();
  platform_.missions().set_person(nullptr);
  transcript_.end_text();
  co_await platform_.close();
  co_return exit_code_;
}

void Chat::greet() {
  const std::string place = terminal::shown(platform_.settings().paths.workspace);
  transcript_.rows({{{"oap", {.bold = true}}, {" · " + terminal::shown(model_name()), kQuiet}}});
  transcript_.note(place);
  if (!has_model()) {
    transcript_.note(
        "No model is set: plain orders only (\"List the files in src\"). /model NAME or OAP_MODEL "
        "sets one.");
  }
  transcript_.note("/help lists commands and keys.");
  if (!session_.empty()) {
    const auto record = platform_.store().sessions().find(session_);
    transcript_.note(fmt::format("Going on with {}: {}", session_,
                                 record ? terminal::shown(record->title) : std::string()));
  }
}

void Chat::leave(int code) {
  exit_code_ = code;
  leaving_ = true;
  leave_.notify();
}

Person::State Chat::state() const {
  if (approver_.current() != nullptr) {
    return State::kAsking;
  }
  return cancel_ ? State::kWorking : State::kIdle;
}

std::string Chat::question() const {
  const approval::Request* const request = approver_.current();
  return request != nullptr ? request->id : std::string();
}

void Chat::said(std::string text, std::string shown) {
  last_interrupt_.reset();
  if (const auto kept = history_.append(text); !kept) {
    transcript_.warning(kept.error().to_string());
  }
  front_->editor().remember(text.size() <= HistoryFile::kMaxEntry ? text : shown);
  const auto command = parse_slash(text);
  if (wants_answer_ && !command) {
    transcript_.person(shown);
    mission_answer_ = std::move(text);
    wants_answer_->notify();
    front_->changed();
    return;
  }
  const SlashCommand* known = command ? find_slash(command->name) : nullptr;
  if (known != nullptr && known->name == "stop" && cancel_) {
    pause();
    queue_.push_front({std::move(text), std::move(shown)});
  } else {
    Saying saying{std::move(text), std::move(shown)};
    const bool now = command && (known == nullptr || known->goes == SlashCommand::Goes::kNow);
    if (!now || !slash(saying)) {
      queue_.push_back(std::move(saying));
    }
  }
  has_work_.notify();
  front_->changed();
}

void Chat::answered(std::string_view word) {
  const approval::Request* const request = approver_.current();
  if (request == nullptr) {
    return;
  }
  if (const auto answer = answer_of(word, !request->always.empty())) {
    const char* const what = answer->always     ? "allowed, always"
                             : answer->approved ? "allowed once"
                                                : "denied";
    transcript_.note(what);
    approver_.answer(*answer);
    return;
  }
  const std::string command = parse_slash(word).value_or(Slash{}).name;
  if (command == "exit" || command == "quit") {
    leave(0);
  } else if (command == "stop") {
    interrupted(true);
  } else if (!text::trim(word).empty()) {
    transcript_.note(
        fmt::format("'{}' is no answer: y allows once, {}n or Esc denies; /stop pauses, "
                    "Ctrl-D leaves.",
                    terminal::shown(word), request->always.empty() ? "" : "a always, "));
  }
}

void Chat::interrupted(bool text_was_empty) {
  if (cancel_) {
    pause();
    return;
  }
  const SteadyTime now = system_clock().steady();
  if (text_was_empty && last_interrupt_ && now - *last_interrupt_ < kLeaveWithin) {
    leave(0);
    return;
  }
  last_interrupt_.reset();
  if (text_was_empty) {
    last_interrupt_ = now;
    transcript_.note("Ctrl-C again to leave.");
  }
  front_->changed();
}

void Chat::escaped() {
  if (cancel_) {
    pause();
  }
}

void Chat::ended() { leave(exit_code_); }

/// Stops what is under way: the first time in order, the third time at once.
void Chat::pause() {
  ++interrupts_;
  if (interrupts_ == 1) {
    cancel_->request();
    if (!queue_.empty()) {
      std::string back;
      for (const Saying& saying : std::exchange(queue_, {})) {
        back += (back.empty() ? "" : "\n") + saying.text;
      }
      front_->give_back(back);
    }
  } else if (interrupts_ == 2) {
    transcript_.note("ending what runs; Ctrl-C again leaves at once");
  } else {
    front_->restore();
    _exit(kInterrupted);
  }
  front_->changed();
}

Task<void> Chat::work() {
  const Deadline never = Deadline::never();
  while (!leaving_) {
    if (co_await has_work_.wait(never) == async::Event::Wake::kCancelled) {
      co_return;
    }
    has_work_.reset();
    while (!queue_.empty() && !leaving_) {
      Saying saying = std::move(queue_.front());
      queue_.pop_front();
      if (!slash(saying)) {
        co_await turn(std::move(saying));
      }
    }
    front_->changed();
  }
}

std::string Chat::prompt_with_notes(const std::string& text) {
  std::string prompt;
  if (has_model() && !parse_slash(text)) {
    for (const std::string& note : notes_) {
      prompt += "[" + note + "]\n\n";
    }
  }
  notes_.clear();
  return prompt + text;
}

Task<void> Chat::turn(Saying saying) {
  transcript_.set_look({front_->width(), front_->paint() == terminal::Paint::kNone});
  if (!front_->echoes()) {
    transcript_.person(saying.shown);
  }
  cancel_.emplace();
  interrupts_ = 0;
  started_ = system_clock().steady();
  phase_.clear();
  step_order_.clear();
  steps_.clear();
  planned_ = false;
  in_mission_ = false;
  turn_usage_ = {};
  transcript_.forget_text();
  front_->changed();
  platform::RunRequest request;
  request.prompt = prompt_with_notes(saying.text);
  last_said_ = saying.text;
  request.session_id = session_;
  request.model = options_.model;
  const auto held = parse_slash(saying.text) ? std::nullopt : held_mission();
  Task<Result<orchestration::TaskReport>> task =
      held ? go_on(*held, saying.text) : platform_.run_task(std::move(request), observer());
  const auto report = co_await async::cancellable(cancel_->token(), std::move(task));
  finish_turn(report);
  cancel_.reset();
  front_->changed();
}

platform::RunObserver Chat::observer() {
  platform::RunObserver observer;
  observer.on_session = [this](const std::string& session, const std::string&) {
    session_ = session;
  };
  observer.on_call = [this](const gateway::Progress& progress) { on_call(progress); };
  observer.events.on_text = [this](std::string_view agent, std::string_view text) {
    const bool mission = in_mission_ || platform_.missions().at_work(session_);
    const bool plans = agent == "commander" || agent == "planner" || agent == "reviewer";
    if (mission ? agent == "commander" : !planned_ && !plans) {
      transcript_.text(text);
      front_->changed();
    }
  };
  observer.events.on_plan = [this](const ExecutionPlan& plan) {
    planned_ = true;
    step_order_.clear();
    steps_.clear();
    for (const PlanStep& step : plan.steps) {
      step_order_.push_back(step.id);
      steps_[step.id] = {terminal::shown(step.description), "pending"};
    }
    front_->changed();
  };
  observer.events.on_step = [this](const PlanStep& step, std::string_view state) {
    steps_[step.id] = {terminal::shown(step.description), std::string(state)};
    front_->changed();
  };
  observer.events.on_status = [this](TaskStatus status) {
    phase_ = to_string(status);
    front_->changed();
  };
  observer.events.on_usage = [this](const Usage& usage) {
    turn_usage_ += usage;
    context_tokens_ = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens +
                      usage.output_tokens;
    front_->changed();
  };
  observer.events.on_notice = [this](std::string_view what) {
    if (what.starts_with("mission")) {
      in_mission_ = true;
      transcript_.end_text();
      transcript_.note(terminal::shown(what));
    } else {
      transcript_.warning(what);
    }
  };
  return observer;
}

void Chat::on_call(const gateway::Progress& progress) {
  using Kind = gateway::Progress::Kind;
  if (progress.kind == Kind::kStarted) {
    transcript_.end_text();
    calls_.start(progress.call, platform_.settings().paths.workspace, system_clock().steady());
  } else if (progress.kind == Kind::kFinished) {
    if (const CallEntry* entry = calls_.finish(progress.call, *progress.outcome)) {
      transcript_.call(*entry, shown_changes_.erase(progress.call.id) == 0);
    }
  }
  front_->changed();
}

void Chat::on_question() {
  const approval::Request* const request = approver_.current();
  if (request != nullptr && request->id != shown_question_) {
    shown_question_ = request->id;
    transcript_.question(*request);
    if (!request->diff.empty()) {
      shown_changes_.insert(request->call.id);
    }
  }
  front_->changed();
}

void Chat::finish_turn(const Result<orchestration::TaskReport>& report) {
  transcript_.end_text();
  calls_.abandon();
  for (const std::string& id : step_order_) {
    const Step& step = steps_[id];
    transcript_.rows({{{std::string(step_mark(step.state)) + step.description, kQuiet}}});
  }
  const bool stopped = cancel_->requested();
  if (stopped) {
    const std::string order = parse_slash(last_said_).value_or(Slash{}).name;
    const bool mission = held_mission() || order == "task" || order == "plan";
    transcript_.warning(mission ? kMissionPaused
                                : "Paused. What was done stays; write to go on, /undo takes files "
                                  "back.");
    notes_.emplace_back("The person stopped the last turn before it had ended.");
    if (!session_.empty()) {
      if (const auto settled = platform_.settle_session(session_); !settled) {
        transcript_.error(settled.error().to_string());
      }
    }
  } else if (!report) {
    transcript_.error(report.error().to_string());
  } else {
    if (!report->content.empty() && !transcript_.has_text()) {
      transcript_.answer(report->content);
    }
    const bool held = held_mission().has_value();
    if (held && report->error && report->error->code() == Code::kCancelled) {
      transcript_.warning(kMissionPaused);
    } else if (report->error && report->error->message() != report->content) {
      transcript_.error(report->error->to_string());
    }
    if (held && !(report->error && report->error->code() == Code::kCancelled)) {
      transcript_.note(
          "What you write now goes to the mission, which goes on with it; /clear begins "
          "a session without it.");
    }
  }
  total_usage_ += turn_usage_;
  show_usage(std::chrono::duration_cast<Millis>(system_clock().steady() - started_));
}

void Chat::show_usage(Millis duration) {
  std::string text;
  if (turn_usage_.requests > 0 && has_model()) {
    const std::int64_t in =
        turn_usage_.input_tokens + turn_usage_.cache_write_tokens + turn_usage_.cache_read_tokens;
    text = fmt::format("{} in, {} out", short_count(in), short_count(turn_usage_.output_tokens));
    if (turn_usage_.cache_read_tokens > 0) {
      text += fmt::format(" ({} cached)", short_count(turn_usage_.cache_read_tokens));
    }
    if (turn_usage_.cost_usd) {
      text += fmt::format(" · ${:.4f}", *turn_usage_.cost_usd);
    }
    const std::string model = model_name();
    const auto window =
        platform::window_of(platform_.settings().config, model, model.substr(model.find('/') + 1));
    text += fmt::format(" · context {:.0f}%",
                        100.0 * static_cast<double>(context_tokens_) /
                            static_cast<double>(std::max<std::int64_t>(1, window)));
    text += " · ";
  }
  transcript_.note(text + short_time(duration));
}

Line Chat::status_row(std::size_t width) const {
  const auto time = std::chrono::duration_cast<Millis>(system_clock().steady() - started_);
  std::string text = cancel_ && cancel_->requested() ? "stopping" : phase_;
  text += (text.empty() ? "" : " · ") + short_time(time);
  if (turn_usage_.requests > 0 && has_model()) {
    text += fmt::format(" · {} tokens",
                        short_count(turn_usage_.input_tokens + turn_usage_.output_tokens +
                                    turn_usage_.cache_read_tokens));
  }
  if (goes_on_at_) {
    const auto left = std::chrono::duration_cast<Millis>(*goes_on_at_ - system_clock().steady());
    text = fmt::format("going on in {} s: {} · any key pauses",
                       std::max<std::int64_t>(1, (left.count() + 999) / 1'000), countdown_);
  } else if (wants_answer_) {
    text = "the mission waits for your answer · Esc leaves it waiting";
  } else {
    text += " · Esc pauses";
  }
  return {{terminal::clipped(text, width), kQuiet}};
}

std::vector<Line> Chat::live_rows(std::size_t width, std::size_t most) {
  std::vector<Line> rows;
  if (const approval::Request* const request = approver_.current()) {
    const char* const text = request->always.empty() ? "Allow? [y] once  [n] no "
                                                     : "Allow? [y] once  [a] always  [n] no ";
    const char* const brief = request->always.empty() ? "[y/n] " : "[y/a/n] ";
    return {{{terminal::columns_of(text) + 2 > width ? brief : text, {.bold = true}}}};
  }
  if (!cancel_ || most == 0) {
    return rows;
  }
  ++beat_;
  transcript_.set_look({front_->width(), front_->paint() == terminal::Paint::kNone});
  std::size_t left = most - 1;  // the status row is always there
  std::vector<Line> running_rows;
  for (const CallEntry* call : calls_.running()) {
    running_rows.push_back(running(*call, system_clock().steady(), beat_, width));
  }
  std::vector<Line> step_rows;
  for (const std::string& id : step_order_) {
    const Step& step = steps_[id];
    step_rows.push_back({{std::string(step_mark(step.state)) + step.description, kQuiet}});
  }
  step_rows.resize(std::min(step_rows.size(), kMostStepRows));
  std::vector<Line> queued;
  for (const Saying& saying : queue_) {
    if (queued.size() < kMostQueuedRows) {
      const std::string flat = text::replace_all(saying.shown, "\n", " ");
      queued.push_back({{"queued: " + terminal::shown(flat), kQuiet}});
    }
  }
  std::size_t reserved = std::min(left, running_rows.size() + queued.size());
  std::size_t above = left - reserved;
  take_last(rows, transcript_.preview(), above);
  take_last(rows, std::move(step_rows), above);
  take_last(rows, std::move(running_rows), reserved);
  rows.push_back(status_row(width));
  take_last(rows, std::move(queued), reserved);
  return rows;
}

}  // namespace oap::cli::chat
