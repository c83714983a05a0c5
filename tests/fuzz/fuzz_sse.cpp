#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "net/sse.hpp"

namespace {

using oap::net::SseEvent;
using oap::net::SseParser;

constexpr SseParser::Limits kLimits{512, 2048};

struct Outcome {
  std::vector<SseEvent> events;
  bool ok = true;
};

Outcome parse(std::string_view stream, std::size_t piece) {
  SseParser parser(kLimits);
  Outcome outcome;
  for (std::size_t at = 0; at < stream.size() && outcome.ok; at += piece) {
    outcome.ok = parser.feed(stream.substr(at, piece), outcome.events).has_value();
  }
  if (auto last = parser.finish()) {
    outcome.events.push_back(*std::move(last));
  }
  return outcome;
}

}  // namespace

// The pieces in which a stream arrives change nothing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::size_t piece = 1U + data[0] % 7U;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(stream, stream.size() + 1);
  const Outcome pieces = parse(stream, piece);
  if (whole.ok != pieces.ok || whole.events.size() != pieces.events.size()) {
    std::abort();
  }
  for (std::size_t i = 0; i < whole.events.size(); ++i) {
    if (whole.events[i].type != pieces.events[i].type ||
        whole.events[i].data != pieces.events[i].data ||
        whole.events[i].id != pieces.events[i].id) {
      std::abort();
    }
  }
  return 0;
}
