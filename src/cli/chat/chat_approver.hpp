#pragma once

#include <deque>
#include <functional>
#include <string>

#include "approval/approver.hpp"
#include "async/promise.hpp"

namespace oap::cli::chat {

/// Puts questions to whoever sits at the talk, one after another; without a talk nobody is there.
/// Of the executor's thread.
class ChatApprover final : public approval::Approver {
 public:
  Task<Result<approval::Answer>> ask(approval::Request request) override;

  /// Called when the question to be answered has changed; empty: nobody is there.
  void attach(std::function<void()> changed);
  /// What is to be answered now, or null.
  const approval::Request* current() const;
  void answer(approval::Answer answer);

 private:
  struct Question {
    approval::Request request;
    async::Promise<approval::Answer> answer;
  };
  std::deque<Question> questions_;
  std::function<void()> changed_;
};

/// What a word at the question means: y, yes, once; a, always (where that is offered); n, no, deny.
/// Nothing where it is none of them. Pure.
std::optional<approval::Answer> answer_of(std::string_view word, bool always_offered);

}  // namespace oap::cli::chat
