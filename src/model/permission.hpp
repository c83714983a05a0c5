#pragma once

#include <string>
#include <string_view>

namespace oap {

/// The three answers to "may this be done", by severity.
enum class Level { kAllow = 0, kAsk = 1, kDeny = 2 };
std::string_view to_string(Level level);

/// An answer with its reason. Data.
struct Decision {
  Level level = Level::kAsk;
  std::string rule;    ///< "file:line" or a built-in rule's name; empty where the default decided
  std::string reason;  ///< a sentence
};

}  // namespace oap
