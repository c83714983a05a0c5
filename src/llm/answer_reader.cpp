#include "llm/answer_reader.hpp"

#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::llm {

Attempt<void> AnswerReader::add(std::string_view piece) {
  if (form_ == Form::kUnknown) {
    whole_ += piece;
    const std::string_view seen = text::trim(whole_);
    if (seen.empty()) {
      return {};
    }
    form_ = seen.front() == '{' || seen.front() == '[' || seen.front() == '<' ? Form::kWhole
                                                                              : Form::kEvents;
    if (form_ == Form::kEvents) {
      const std::string held = std::exchange(whole_, {});
      return add_events(held);
    }
    return {};
  }
  if (form_ == Form::kWhole) {
    whole_ += piece;
    return {};
  }
  return add_events(piece);
}

Attempt<void> AnswerReader::add_events(std::string_view piece) {
  std::vector<net::SseEvent> events;
  const Result<void> fed = parser_.feed(piece, events);
  for (const net::SseEvent& event : events) {
    if (auto added = assembler_->add(event); !added) {
      return added;
    }
  }
  if (!fed) {
    return tl::unexpected(garbage_failure(provider_, "an endless line", fed.error().message()));
  }
  return {};
}

Attempt<void> AnswerReader::add_whole() {
  const auto parsed = json::parse(text::trim(whole_));
  if (!parsed || !parsed->is_object()) {
    return tl::unexpected(garbage_failure(provider_, "an answer that is no JSON object", whole_));
  }
  return assembler_->add_whole(*parsed);
}

Attempt<Answer> AnswerReader::finish() {
  if (form_ == Form::kWhole) {
    if (auto added = add_whole(); !added) {
      return tl::unexpected(std::move(added).error());
    }
  } else if (auto last = parser_.finish()) {
    if (auto added = assembler_->add(*last); !added) {
      return tl::unexpected(std::move(added).error());
    }
  }
  return assembler_->finish();
}

}  // namespace oap::llm
