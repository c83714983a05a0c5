#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "approval/approver.hpp"
#include "base/result.hpp"

namespace oap::cli::claude {

/// One value of --allowedTools as its rules: commas and blanks outside of parentheses separate.
/// Pure.
std::vector<std::string> split_rules(const std::vector<std::string>& values);

/// The text of a permissions.yaml that means what --allowedTools and --disallowedTools mean; ""
/// where there are none. With an allowed rule also what that program lets pass by itself (commands
/// that only read); denied ones alone allow nothing. kUsage names a rule that has no counterpart
/// here. Pure.
Result<std::string> rules_of(const std::vector<std::string>& allowed,
                             const std::vector<std::string>& disallowed);

/// kUsage for a mode that this program does not have, with what to use instead. Pure.
Result<void> check_mode(std::string_view mode);

/// acceptEdits: what changes files of the workspace is approved where no rule says otherwise;
/// everything else goes on to `next`, which outlives it.
class EditApprover final : public approval::Approver {
 public:
  explicit EditApprover(approval::Approver& next) : next_(next) {}
  Task<Result<approval::Answer>> ask(approval::Request request) override;

 private:
  approval::Approver& next_;
};

/// A line of --input-format stream-json. Pure.
struct Input {
  enum class Kind { kPrompt, kControl, kNothing } kind = Kind::kNothing;
  std::string text;        ///< of a prompt
  std::string request_id;  ///< of a control request, which is answered with an error
};
/// kInvalidArgument where it is no message, or one that this program does not take.
Result<Input> read_input(std::string_view line);
/// "This program does not do that" as the answer to a control request. Pure.
json::Object control_refusal(std::string_view request_id);

}  // namespace oap::cli::claude
