#pragma once

#include "cli/live_view.hpp"

namespace oap::cli {

/// stream-json: an object a line with `type` session, text, tool_call, tool_result, approval, step,
/// usage, error; last `result`.
class StreamView final : public RunView {
 public:
  platform::RunObserver observer() override;
  void finish(const orchestration::TaskReport& report) override;
};

}  // namespace oap::cli
