#include "cli/chat/chat_approver.hpp"

#include <algorithm>
#include <utility>

#include "text/strings.hpp"

namespace oap::cli::chat {

Task<Result<approval::Answer>> ChatApprover::ask(approval::Request request) {
  if (!changed_) {
    co_return approval::Answer{false, "nobody", "", true};
  }
  const std::string id = request.id;
  async::Promise<approval::Answer> promise;
  questions_.push_back({std::move(request), promise});
  changed_();
  const Deadline never = Deadline::never();  // the gateway ends it when its time is up
  auto answer = co_await promise.get(never);
  std::erase_if(questions_, [&id](const Question& question) { return question.request.id == id; });
  if (changed_) {
    changed_();
  }
  co_return answer;
}

void ChatApprover::attach(std::function<void()> changed) {
  changed_ = std::move(changed);
  if (!changed_) {
    for (Question& question : questions_) {
      question.answer.set({false, "nobody", "", true});
    }
  }
}

const approval::Request* ChatApprover::current() const {
  return questions_.empty() ? nullptr : &questions_.front().request;
}

void ChatApprover::answer(approval::Answer answer) {
  if (!questions_.empty()) {
    Question question = std::move(questions_.front());
    questions_.pop_front();
    question.answer.set(std::move(answer));
    if (changed_) {
      changed_();
    }
  }
}

std::optional<approval::Answer> answer_of(std::string_view word, bool always_offered) {
  const std::string lower = text::lower_ascii(text::trim(word));
  approval::Answer answer;
  answer.approver = "terminal";
  answer.always = always_offered && (lower == "a" || lower == "always");
  answer.approved = answer.always || lower == "y" || lower == "yes" || lower == "once";
  if (!answer.approved && lower != "n" && lower != "no" && lower != "d" && lower != "deny") {
    return std::nullopt;
  }
  return answer;
}

}  // namespace oap::cli::chat
