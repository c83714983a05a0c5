#pragma once

#include <set>
#include <string>
#include <vector>

#include "llm/provider.hpp"
#include "model/tool.hpp"

namespace oap::orchestration {

/// Makes a model's answers such that any provider takes them back in the next request: a provider
/// refuses a whole conversation for one bad name or id in it, and it would be refused for ever.
/// Of one conversation; pure.
class Sendable {
 public:
  explicit Sendable(const std::vector<Message>& history);

  /// Calls get ids that are new in the conversation and printable (at most 128 bytes; else a fresh
  /// one), and names that are offered, or else of letters, digits, '_' and '-' (at most 64):
  /// "bash\n" is bash where that is offered. Sources: OpenAI and Anthropic API references,
  /// tool_calls and tool_use.
  /// Of more calls than kMostCalls the rest is taken out; how many.
  std::size_t mend(Message& answer, const std::vector<ToolSpec>& offered);

  static constexpr std::size_t kMostCalls = 1'000;  ///< of one answer

 private:
  std::set<std::string> ids_;
};

/// The usage of an answer as it may be counted: nothing negative or absurd. Where the provider told
/// none, tokens are taken from the bytes (four a token) and the price is not known: a budget holds
/// there too. `sent`: bytes of the request. Pure.
Usage countable(Usage told, std::size_t sent, const Message& answer);

}  // namespace oap::orchestration
