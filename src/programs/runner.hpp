#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "async/scope.hpp"
#include "async/task.hpp"
#include "model/tool.hpp"
#include "programs/answer.hpp"
#include "programs/hook_set.hpp"
#include "sandbox/spec.hpp"

namespace oap::programs {

/// Something that happened, for hook programs.
struct Occasion {
  Event event = Event::kNotification;
  std::string session_id;
  std::string subject;        ///< what matchers are held against: a tool's name, a source, a type
  json::Object details = {};  ///< the event's own members of the JSON on stdin
  std::string cwd = {};       ///< where the programs run; empty: the workspace
  std::string agent = {};     ///< of a delegated agent: its type
  const ToolCall* call = nullptr;  ///< for `if`; outlives the task
};

/// Runs hooks: all that fit an event at once, each once however often it is named, and
/// gathers what they say. Every child goes through sandbox/: a project's programs are confined as
/// configured servers are, with the workspace writable but for its protected paths; a person's own
/// and the machine's are supervised only. A project's program that is not what it was when the
/// runner was made is not run, which is a fault. Belongs to the executor's thread.
class Runner {
 public:
  struct Parts {
    Executor executor;
    HookSet hooks;
    std::string workspace;
    std::map<std::string, std::string> env;  ///< beside the minimal environment
    std::string permission_mode = "default";
    sandbox::Spec child = {};  ///< what the configuration says of children
    /// Whether a call fits a handler's `if`; empty: every call does.
    std::function<bool(const std::string& rule, const ToolCall& call, const std::string& cwd)>
        condition = {};
    /// Writes down the session so far and says where; "" where nothing is.
    std::function<std::string(const std::string& session_id)> transcript = {};
    /// Posts to a server or asks a model, for handlers of those kinds, within the time; empty: they
    /// fail. Both outlive the task.
    std::function<Task<Ending>(const Handler& handler, std::string input, Millis most)> elsewhere =
        {};
    /// Makes a program's words fit to be shown: without secrets and hidden characters.
    std::function<std::string(std::string)> clean = {};
  };
  explicit Runner(Parts parts);

  bool any(Event event) const;
  const HookSet& hooks() const { return parts_.hooks; }
  /// Never an error: what goes wrong is in the answer (`faults`), as a denial where the handler
  /// guards.
  Task<Answer> run(Occasion occasion);

  /// Told what programs have for the person, and which of them erred.
  void set_listener(std::function<void(std::string_view)> listener) {
    listener_ = std::move(listener);
  }
  /// Tells the listener, else the log, something about hooks.
  void say(std::string_view text) const;
  /// Ends what runs in the background. To be awaited before the end.
  Task<void> close();

 private:
  struct Job;
  bool is_changed(const Handler& handler) const;
  std::vector<const Handler*> fitting(const Occasion& occasion) const;
  std::string input_for(const Occasion& occasion, const std::string& transcript) const;
  sandbox::Spec spec_for(const Handler& handler, const Occasion& occasion,
                         const std::string& transcript) const;
  Task<Ending> run_one(sandbox::Spec spec, std::string input, Millis most) const;
  Task<void> run_job(Job& job, const Occasion& occasion, const std::string& transcript,
                     std::string input) const;
  Task<void> run_beside(const Handler& handler, sandbox::Spec spec, std::string input);
  void clean(Answer& answer) const;
  void clean(json::Value& value) const;
  void tell(const Answer& answer) const;

  Parts parts_;
  std::map<const Handler*, std::string> digests_;  ///< of the project's, as they were at first
  async::Scope background_;
  std::function<void(std::string_view)> listener_;
};

}  // namespace oap::programs
