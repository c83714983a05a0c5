#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "model/tool.hpp"

namespace oap::approval {

struct Request {
  std::string id;  ///< apr_…
  ToolCall call;
  std::string rule;
  std::string reason;
  std::string cwd;
  std::vector<std::string> commands;  ///< what a shell call runs, escaped, one each
  std::string diff;                   ///< of a call that changes a file; unescaped
  std::vector<std::string>
      always;  ///< the rules that "always allow" would write; empty: not offered
  std::optional<WallTime> expires;
};

struct Answer {
  bool approved = false;
  std::string approver;  ///< "terminal", "flag", "nobody" …; written to the audit
  std::string comment;
  bool nobody = false;  ///< there was nobody to ask, or time ran out
  bool always = false;  ///< approved, and `Request::always` is to be written
};

/// Who is asked when a decision is `ask`. Nobody there or time up is an answer, not an error.
/// An Error from here counts as denied.
class Approver {
 public:
  virtual ~Approver() = default;
  virtual Task<Result<Answer>> ask(Request request) = 0;
};

/// The rule of an ask about adding a skill; no flag answers it (CONTRACTS "Permissions").
inline constexpr std::string_view kSkillInstallRule = "skills/install";
/// The rule of an ask about changing a file that governs agents or that other programs run unasked;
/// no flag answers it either.
inline constexpr std::string_view kGoverningFileRule = "gateway/governing-file";

/// Answers every question the same way at once: `--yes` ("flag"), or nobody there. To an ask about
/// adding a skill or changing a governing file nobody is there.
class FixedApprover final : public Approver {
 public:
  static FixedApprover yes() { return FixedApprover({true, "flag", "", false}); }
  static FixedApprover nobody() { return FixedApprover({false, "nobody", "", true}); }
  Task<Result<Answer>> ask(Request request) override;

 private:
  explicit FixedApprover(Answer answer) : answer_(std::move(answer)) {}
  Answer answer_;
};

/// What goes with asking beside the question itself. The gateway uses it, the platform makes it.
class Desk {
 public:
  virtual ~Desk() = default;
  /// Fills in what a person should see.
  virtual void describe(Request& request) const = 0;
  /// Who is asked where the call's own approver has nobody; null: nobody.
  virtual Approver* absent() = 0;
  /// How long absent() may take.
  virtual Millis patience() const = 0;
  /// Writes `request.always`, as the person wished.
  virtual Result<void> remember(const Request& request) = 0;
  /// Of the policy that decides now.
  virtual std::string revision() const = 0;
};

}  // namespace oap::approval
