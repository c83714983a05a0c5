#pragma once

#include <optional>

#include "llm/failure.hpp"

namespace oap::llm {

/// How often and how long a provider's failures are waited out.
struct RetryPolicy {
  int max_retries = 4;
  int max_stalls = 1;              ///< of these, after a stall: each costs the whole stall timeout
  Millis first_delay{500};         ///< doubles with each retry
  Millis longest_delay{8'000};     ///< of our own backoff
  Millis longest_obeyed{120'000};  ///< a server that asks for more is not waited for
};

/// Failed attempts so far in one call, the latest included.
struct Attempts {
  int failed = 0;
  int stalled = 0;
};

/// How long to wait before the next attempt; nothing where there should be none. The server's own
/// wish counts before the backoff, which is jittered down by up to a quarter with `random` in
/// [0,1). Pure.
std::optional<Millis> next_delay(const Failure& failure, Attempts attempts,
                                 const RetryPolicy& policy, double random);

/// What is told where the server asks to be left alone for longer than it is waited for: asking
/// again before would only be refused, so its code is kUpstream, which nobody tries again at once.
/// Nothing where that is not the reason. Pure.
std::optional<Error> too_long_a_wait(const Failure& failure, const RetryPolicy& policy);

}  // namespace oap::llm
