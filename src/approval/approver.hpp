#pragma once

#include <string>

#include "async/task.hpp"
#include "model/tool.hpp"

namespace oap::approval {

struct Request {
  std::string id;  ///< apr_…
  ToolCall call;
  std::string rule;
  std::string reason;
};

struct Answer {
  bool approved = false;
  std::string approver;  ///< "terminal", "flag", "nobody" …; written to the audit
  std::string comment;
  bool nobody = false;  ///< there was nobody to ask, or time ran out
};

/// Who is asked when a decision is `ask`. Nobody there or time up is an answer, not an error.
/// An Error from here counts as denied.
class Approver {
 public:
  virtual ~Approver() = default;
  virtual Task<Result<Answer>> ask(Request request) = 0;
};

/// Answers every question the same way at once: `--yes` ("flag"), or nobody there.
class FixedApprover final : public Approver {
 public:
  static FixedApprover yes() { return FixedApprover({true, "flag", "", false}); }
  static FixedApprover nobody() { return FixedApprover({false, "nobody", "", true}); }
  Task<Result<Answer>> ask(Request request) override;

 private:
  explicit FixedApprover(Answer answer) : answer_(std::move(answer)) {}
  Answer answer_;
};

}  // namespace oap::approval
