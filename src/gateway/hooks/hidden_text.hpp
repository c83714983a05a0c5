#pragma once

#include "hooks/hook.hpp"

namespace oap::gateway {

/// Takes characters that a model reads and a person cannot see (tags, zero-width, bidi controls)
/// out of what configured servers answer. Results of the built-in tools are the person's own files
/// and stay as they are.
class HiddenTextHook final : public hooks::AfterToolHook {
 public:
  std::string_view name() const override { return "HiddenText"; }
  bool waits() const override { return false; }
  Task<Result<hooks::AfterVerdict>> after(const hooks::Context& context, const ToolCall& call,
                                          const ToolResult& result) override;
};

}  // namespace oap::gateway
