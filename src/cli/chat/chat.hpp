#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/cancel.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "cli/chat/call_log.hpp"
#include "cli/chat/chat_approver.hpp"
#include "cli/chat/front.hpp"
#include "cli/chat/history_file.hpp"
#include "cli/chat/slash.hpp"
#include "cli/chat/transcript.hpp"
#include "orchestration/mission/person.hpp"
#include "platform/missions.hpp"
#include "platform/platform.hpp"

namespace oap::cli::chat {

struct ChatOptions {
  std::string session;                             ///< go on with this one; empty: a new one
  std::string model;                               ///< as on the command line
  std::function<std::vector<MoreCommand>()> more;  ///< as they stand now; empty: none
};

/// A talk between a person and the agents: takes what is said, runs it as tasks of one session one
/// after another, shows what happens, asks where a call needs it. A mission in it counts down
/// before it goes on by itself, where a word or Esc holds it, and has its questions answered here.
/// Whatever the person does comes in through `Person`, whatever is shown leaves through the
/// `Front`. Of the executor's thread.
class Chat final : public Person, public orchestration::MissionPerson {
 public:
  Chat(platform::Platform& platform, ChatApprover& approver, ChatOptions options);
  ~Chat() override;

  /// Goes on until the person leaves; the process's exit code. `front` outlives the task.
  Task<int> run(Front& front);

  void said(std::string text, std::string shown) override;
  void answered(std::string_view word) override;
  void interrupted(bool text_was_empty) override;
  void escaped() override;
  void ended() override;
  State state() const override;
  std::string question() const override;
  terminal::Completion complete(std::string_view before_cursor) override;
  std::vector<terminal::Line> live_rows(std::size_t width, std::size_t most) override;
  void touched() override;

  // A mission's person
  bool is_there() const override { return true; }
  Task<bool> countdown(std::string what, Millis time) override;
  Task<std::optional<std::string>> answer(std::string question) override;

 private:
  struct Saying {
    std::string text;
    std::string shown;
  };
  struct Step {
    std::string description;
    std::string state;
  };

  void greet();
  Task<void> work();
  Task<void> turn(Saying saying);
  /// The mission of this session that waits for a word of the person: asked, or paused.
  std::optional<std::string> held_mission();
  Task<Result<orchestration::TaskReport>> go_on(std::string mission, std::string words);
  platform::RunObserver observer();
  void on_call(const gateway::Progress& progress);
  void on_question();
  void finish_turn(const Result<orchestration::TaskReport>& report);
  void show_usage(Millis duration);
  void pause();
  void leave(int code);
  std::string prompt_with_notes(const std::string& text);
  terminal::Line status_row(std::size_t width) const;
  std::string model_name() const;
  bool has_model() const;

  std::vector<MoreCommand> more() const;
  bool slash(const Saying& saying);
  void command(const Slash& slash);
  void help();
  void model(const std::string& name);
  void agents();
  void cost();
  void clear();
  void skills();
  void sessions();
  void resume(const std::string& id);
  void status();
  void expand(const std::string& number);
  void undo(const std::string& count);
  void redo(const std::string& count);
  void revert(const std::string& count, bool forward);
  void table(const std::vector<std::pair<std::string, std::string>>& rows);

  platform::Platform& platform_;
  ChatApprover& approver_;
  ChatOptions options_;
  HistoryFile history_;
  Front* front_ = nullptr;
  Transcript transcript_;
  CallLog calls_;
  std::deque<Saying> queue_;
  async::Event has_work_;
  async::Event leave_;
  int exit_code_ = 0;

  std::string session_;
  std::string shown_question_;           // whose text is on the screen
  std::set<std::string> shown_changes_;  // calls whose change was shown with the question
  std::optional<async::CancelSource> cancel_;
  int interrupts_ = 0;  // of the turn under way
  bool leaving_ = false;
  std::optional<SteadyTime> last_interrupt_;  // at an empty prompt
  std::vector<std::string> notes_;            // for the model, before the next prompt

  std::string last_said_;
  std::string countdown_;                     // what comes, while a mission waits to go on
  std::optional<SteadyTime> goes_on_at_;      // when it does
  bool touched_ = false;                      // a key was pressed meanwhile
  std::optional<async::Event> wants_answer_;  // a mission's question is open
  std::optional<std::string> mission_answer_;

  SteadyTime started_;
  std::size_t beat_ = 0;
  std::string phase_;
  std::vector<std::string> step_order_;
  std::map<std::string, Step> steps_;
  bool planned_ = false;
  bool in_mission_ = false;  // this turn carries a mission
  bool refused_ = false;     // the person said no in this turn: no need to tell them
  Usage turn_usage_;
  Usage total_usage_;
  std::int64_t context_tokens_ = 0;
};

/// Files and folders of the workspace that complete "@path" at the end of `before_cursor`; links
/// that lead outside are not followed. At most 200.
terminal::Completion complete_path(std::string_view before_cursor, const std::string& workspace);

}  // namespace oap::cli::chat
