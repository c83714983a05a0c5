#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "hooks/hook.hpp"
#include "model/tool.hpp"
#include "session/commands.hpp"

namespace oap::orchestration {

/// Where someone sits in a mission: its Commander (depth 0, no task) or a delegated agent.
struct MissionSeat {
  std::string session_id;
  std::string role;
  std::string task_id;  ///< task_… of a delegated one
  int depth = 0;
  std::string root = {};  ///< the session of the mission itself
};

/// A mission that is being driven in this process, as hooks and tools see it.
class LiveMission {
 public:
  virtual ~LiveMission() = default;
  /// The Commander's turn has ended: continue, or stop, for whatever reason there is.
  virtual Task<hooks::DoneVerdict> turn_ended(std::string final_text) = 0;
  /// A person has typed something: a countdown ends, nothing is injected over it.
  virtual void user_spoke() = 0;
  virtual Task<ToolResult> todo(MissionSeat seat, ToolCall call) = 0;
  virtual Task<ToolResult> delegate(MissionSeat seat, ToolCall call) = 0;
};

/// What a `/task` or `/plan` asks for, until it is begun.
struct MissionWish {
  std::string objective;  ///< empty: go on with the newest open mission
  bool plan_only = false;
};

/// What a message asks for that is a slash command of a file, or /compact, until it is carried out.
struct CommandWish {
  std::string name;
  std::string arguments;
  std::optional<session::CommandDefinition> command;
  bool compacts = false;         ///< shorten the session's conversation
  std::optional<Error> refusal;  ///< there is none of that name
};

/// Which session belongs to which living mission: the one place where hooks and tools find them.
/// Belongs to the executor's thread.
class MissionDesk {
 public:
  void enter(MissionSeat seat, LiveMission& mission) {
    seats_.insert_or_assign(seat.session_id, Entry{seat, &mission});
  }
  void leave(const std::string& session_id) { seats_.erase(session_id); }
  struct Entry {
    MissionSeat seat;
    LiveMission* mission = nullptr;
  };
  /// Nothing where the session has no mission here.
  std::optional<Entry> find(const std::string& session_id) const {
    const auto found = seats_.find(session_id);
    return found == seats_.end() ? std::nullopt : std::optional(found->second);
  }

  void wish(const std::string& session_id, MissionWish wish) {
    wishes_.insert_or_assign(session_id, std::move(wish));
  }
  bool wished(const std::string& session_id) const { return wishes_.contains(session_id); }
  std::optional<MissionWish> take_wish(const std::string& session_id) {
    const auto found = wishes_.find(session_id);
    if (found == wishes_.end()) {
      return std::nullopt;
    }
    std::optional<MissionWish> wish(std::move(found->second));
    wishes_.erase(found);
    return wish;
  }

  void wish(const std::string& session_id, CommandWish wish) {
    commands_.insert_or_assign(session_id, std::move(wish));
  }
  std::optional<CommandWish> take_command(const std::string& session_id) {
    const auto found = commands_.find(session_id);
    if (found == commands_.end()) {
      return std::nullopt;
    }
    std::optional<CommandWish> wish(std::move(found->second));
    commands_.erase(found);
    return wish;
  }

 private:
  std::map<std::string, Entry, std::less<>> seats_;
  std::map<std::string, MissionWish, std::less<>> wishes_;
  std::map<std::string, CommandWish, std::less<>> commands_;
};

}  // namespace oap::orchestration
