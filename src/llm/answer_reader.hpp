#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "llm/dialect.hpp"

namespace oap::llm {

/// The body of a 2xx answer: an event stream, or one JSON object from servers that do not stream.
/// Which of them is seen from its first byte, since content types are often wrong. Pure.
class AnswerReader {
 public:
  AnswerReader(std::string provider, std::unique_ptr<Assembler> assembler)
      : provider_(std::move(provider)), assembler_(std::move(assembler)) {}

  /// After a failure nothing more may be added.
  Attempt<void> add(std::string_view piece);
  bool is_complete() const { return assembler_->is_complete(); }
  Attempt<Answer> finish();

 private:
  enum class Form { kUnknown, kEvents, kWhole };

  Attempt<void> add_events(std::string_view piece);
  Attempt<void> add_whole();

  std::string provider_;
  std::unique_ptr<Assembler> assembler_;
  Form form_ = Form::kUnknown;
  net::SseParser parser_;
  std::string whole_;
};

}  // namespace oap::llm
