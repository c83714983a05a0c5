#include "cli/chat/chat.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "async/signal.hpp"
#include "cli/chat/free_memory.hpp"
#include "platform/missions.hpp"
#include "terminal/width.hpp"
#include "text/strings.hpp"

namespace oap::cli::chat {
namespace {

using terminal::Line;

constexpr int kInterrupted = 130;
constexpr Millis kLeaveWithin{2'000};
constexpr std::size_t kLargeResult = 32U << 10U;

}  // namespace

Chat::Chat(platform::Platform& platform, ChatApprover& approver, ChatOptions options)
    : platform_(platform),
      approver_(approver),
      options_(std::move(options)),
      history_(platform.settings().paths.state_dir + "/chat_history",
               [&platform](std::string_view text) { return platform.redactor().redact(text); }),
      transcript_([this](std::vector<Line> rows) { front_->print(std::move(rows)); },
                  &platform.scanner()),
      calls_(platform.settings().paths.state_dir),
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
    refused_ = refused_ || !answer->approved;
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
  refused_ = false;
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
      if (entry->result_bytes >= kLargeResult) {
        give_back_memory();
      }
    }
  }
  front_->changed();
}

}  // namespace oap::cli::chat
