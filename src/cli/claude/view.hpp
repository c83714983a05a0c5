#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/claude/schema.hpp"
#include "cli/live_view.hpp"

namespace oap::cli::claude {

/// How a run is told to who expects `claude -p`.
struct ViewOptions {
  bool stream = false;   ///< stream-json; else json: the result alone
  bool verbose = false;  ///< json: all messages as one array
  bool partial = false;  ///< also stream_event
  std::string permission_mode;
  std::string model;  ///< --model, or empty
};

/// The messages of Claude Code's headless mode. One view shows all turns of one process; `finish`
/// ends a turn with its `result`.
class View final : public RunView {
 public:
  explicit View(ViewOptions options) : options_(std::move(options)) {}
  void placed(const platform::Platform& platform) override;
  platform::RunObserver observer() override;
  void finish(const orchestration::TaskReport& report) override;
  int code(const orchestration::TaskReport& report) const override;

 private:
  enum class Piece { kNone, kText, kThinking };

  void begin(const std::string& session_id);
  void on_message(const oap::Message& message);
  void on_call(const gateway::Progress& progress);
  void on_piece(Piece kind, std::string_view text);
  void event(json::Object event);
  void open_message();
  void close_piece();
  void end_pieces(const oap::Message& message);
  void emit(json::Object message);
  Ended ended_of(const orchestration::TaskReport& report) const;
  std::string id_for(const ToolCall& call);

  ViewOptions options_;
  Frame frame_;
  Init init_;
  std::int64_t window_ = 0;
  std::int64_t max_output_ = 0;
  bool begun_ = false;
  json::Array kept_;  // of verbose json

  std::vector<ToolUseBlock> unmatched_;         // tool uses that no call was seen for yet
  std::map<std::string, std::string> use_ids_;  // call → tool use
  std::int64_t turns_ = 0;
  Millis tools_{0};
  Usage last_;
  Usage total_;
  std::string stop_reason_;
  std::string message_id_;  // of the message whose pieces are being told
  Piece piece_ = Piece::kNone;
  std::int64_t index_ = 0;
};

}  // namespace oap::cli::claude
