#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hooks/hook.hpp"

namespace oap::orchestration {

/// Why a text looks like the output of a model that has come off the rails; nothing where it looks
/// sound. Scale-invariant: prose, code, tables, rules of dashes and CJK are no anomalies. Pure.
std::optional<std::string> find_anomaly(std::string_view text);

/// assistant.done: a degenerate answer is not taken as the end; the model is told and goes on, at
/// most twice in a row.
class SanityCheckHook final : public hooks::DoneHook {
 public:
  std::string_view name() const override { return "SanityCheck"; }
  Task<Result<hooks::DoneVerdict>> done(const hooks::Context& context,
                                        std::string final_text) override;

 private:
  int anomalies_ = 0;
};

}  // namespace oap::orchestration
