#include "orchestration/repetition.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "json/print.hpp"

namespace oap::orchestration {

bool Repetition::note(const ToolUseBlock& call, ToolResultBlock& answer) {
  const std::string key = crypto::sha256_hex(
      call.name + "\n" + json::canonical(json::Value(call.arguments)) + call.invalid_arguments);
  if (!answer.is_error) {
    failing_.erase(key);
    if (call.name == "write_file" || call.name == "edit_file") {
      failing_.clear();
    }
    return false;
  }
  if (!failing_.contains(key) && failing_.size() >= kMostCalls) {
    failing_.clear();
  }
  Count& count = failing_[key];
  const std::string failure = crypto::sha256_hex(answer.text);
  count.times = count.failure == failure ? count.times + 1 : 1;
  count.failure = failure;
  if (count.times >= kTellAfter) {
    answer.text += fmt::format(
        "\n[runtime: this same call has now failed {} times in the same way; do something else, or "
        "say what stands in the way]",
        count.times);
  }
  return count.times >= kStopAfter;
}

}  // namespace oap::orchestration
