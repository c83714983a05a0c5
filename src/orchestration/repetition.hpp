#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "model/message.hpp"

namespace oap::orchestration {

/// Notices a model that makes the same call over and over though it fails each time in the same
/// way: told after kTellAfter, ended after kStopAfter. A call that succeeds, or another failure of
/// it, begins its count anew, an edit all counts; so a test that is run again after each edit is
/// none. Not thread-safe.
class Repetition {
 public:
  static constexpr int kTellAfter = 3;
  static constexpr int kStopAfter = 12;

  /// Takes in a call with its answer, which gets a remark where the model ought to be told. True
  /// where the conversation is to end.
  bool note(const ToolUseBlock& call, ToolResultBlock& answer);

 private:
  static constexpr std::size_t kMostCalls = 256;
  struct Count {
    std::string failure;  ///< hash
    int times = 0;
  };
  std::map<std::string, Count> failing_;  ///< by the hash of tool and arguments
};

}  // namespace oap::orchestration
