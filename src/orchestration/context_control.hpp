#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "session/system_messages.hpp"

namespace oap::orchestration {

struct ContextLimits {
  double share = 0.8;  ///< of the window; above it the conversation is shortened
  /// After a compaction, until so much of the window was used anew, or for so long, there is no
  /// other.
  double growth = 0.2;
  Millis cooldown{600'000};
  /// What stays word for word, as a share of the window.
  double keep = 0.15;
};

/// How full each session's conversation is, by what the provider reported, and when it was
/// shortened. Decides nothing but when. Thread-safe; lives as long as the program.
class ContextControl {
 public:
  ContextControl(ContextLimits limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  /// What an answer's request and answer had together, and how much fits.
  void reported(const std::string& session, std::int64_t tokens, std::int64_t window);
  /// A result that comes on top of it before the next report; four bytes count as a token.
  void added(const std::string& session, std::size_t bytes);
  /// Whether it should be shortened before the next request.
  bool is_due(const std::string& session) const;
  /// Asks for it (the done point); `take_request` is true once for each.
  void request(const std::string& session);
  bool take_request(const std::string& session);
  void compacted(const std::string& session);

  std::int64_t tokens(const std::string& session) const;
  std::int64_t window(const std::string& session) const;
  const ContextLimits& limits() const { return limits_; }
  /// Open items that stand outside the conversation (todo.md); empty: none.
  void set_open_items(std::function<std::string()> read) { open_items_ = std::move(read); }
  void set_messages(session::SystemMessages messages) { messages_ = std::move(messages); }
  const session::SystemMessages& messages() const { return messages_; }
  std::string open_items() const { return open_items_ ? open_items_() : std::string(); }

 private:
  struct State {
    std::int64_t tokens = 0;
    std::int64_t added = 0;
    std::int64_t window = 0;
    bool requested = false;
    bool was_compacted = false;
    bool fresh = false;      ///< compacted, and nothing reported since
    std::int64_t after = 0;  ///< tokens at the first report after it
    SteadyTime when;
  };
  const State* find(const std::string& session) const;

  const ContextLimits limits_;
  const Clock& clock_;
  std::function<std::string()> open_items_;
  session::SystemMessages messages_;
  mutable std::mutex mutex_;
  std::map<std::string, State> states_;
};

}  // namespace oap::orchestration
