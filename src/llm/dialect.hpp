#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "llm/failure.hpp"
#include "llm/provider.hpp"
#include "net/headers.hpp"
#include "net/sse.hpp"

namespace oap::llm {

/// What a server was found not to understand; learnt from its 400 answers.
struct Quirks {
  bool other_token_limit = false;  ///< max_tokens ↔ max_completion_tokens
  bool no_stream_options = false;
  bool no_temperature = false;
  bool no_encrypted_reasoning = false;
  bool operator==(const Quirks&) const = default;
};

struct Answer {
  Response response;
  bool paused =
      false;  ///< the server wants the same conversation again, with this message at its end
};

/// Puts one streamed answer together. Pure; one for each attempt.
class Assembler {
 public:
  virtual ~Assembler() = default;
  virtual Attempt<void> add(const net::SseEvent& event) = 0;
  /// The answer of a server that did not stream although asked to.
  virtual Attempt<void> add_whole(const json::Value& answer) = 0;
  /// True once nothing that matters can follow.
  virtual bool is_complete() const = 0;
  /// After the last event. A broken-off answer is a retryable failure.
  virtual Attempt<Answer> finish() = 0;
};

/// One wire dialect: how a Request is written and an answer read. Pure and immutable.
class Dialect {
 public:
  using OnText = std::function<void(std::string_view)>;

  virtual ~Dialect() = default;
  virtual std::string url(std::string_view base_url) const = 0;
  virtual net::HeaderList headers(const std::string& api_key) const = 0;
  /// The JSON body; the same conversation gives the same bytes.
  virtual std::string encode(const Request& request, const Quirks& quirks) const = 0;
  /// `on_thought` is told what a model thinks aloud; both may be empty.
  virtual std::unique_ptr<Assembler> assembler(OnText on_text, OnText on_thought) const = 0;
  /// What to leave out next time, where a 400 answer names it; nothing where it names nothing new.
  virtual std::optional<Quirks> adapt(Quirks quirks, std::string_view detail) const = 0;
};

}  // namespace oap::llm
