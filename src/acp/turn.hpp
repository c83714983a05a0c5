#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "acp/host.hpp"
#include "acp/updates.hpp"

namespace oap::acp {

/// One turn on its way to the editor: what the platform tells of it becomes session/update
/// notifications, in order. What it is given outlives it. Of the executor's thread.
class Turn {
 public:
  using Send = std::function<void(json::Object update)>;
  struct Parts {
    HostSession& session;
    std::string model;
    std::optional<double> cost_before;  ///< of the session's earlier turns
    Send send;
  };
  explicit Turn(Parts parts) : parts_(std::move(parts)) {}

  TurnEvents events();
  /// Ends what is still open, and says what has not been said: the answer of a report whose text
  /// did not come in pieces, and a denial or limit that no answer came after.
  void finish(const orchestration::TaskReport& report);
  /// Whether an error is shown as text in the conversation (a denial, a limit) rather than as the
  /// failure of the prompt.
  static bool belongs_to_the_talk(const Error& error);
  /// The turn was cancelled: no call is left open.
  void abandon();
  /// Money so far; nothing where a price is not known.
  std::optional<double> cost() const { return cost_; }

 private:
  void on_call(const gateway::Progress& progress);
  void on_text(std::string_view agent, std::string_view text);
  void on_thought(std::string_view text);
  void on_plan(const ExecutionPlan& plan);
  void on_step(const PlanStep& step, std::string_view state);
  void on_usage(const Usage& usage);
  void send_plan();
  void say(std::string_view text);

  Parts parts_;
  std::string message_id_;
  bool planned_ = false;
  bool spoke_ = false;
  std::vector<std::string> step_ids_;
  std::map<std::string, PlanEntry> steps_;
  std::map<std::string, std::optional<FileChange>> open_calls_;
  std::optional<double> cost_ = parts_.cost_before;
};

}  // namespace oap::acp
