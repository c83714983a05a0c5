#include "platform/checkpoints.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "async/blocking_pool.hpp"
#include "async/deadline.hpp"
#include "async/run_blocking.hpp"
#include "base/log.hpp"
#include "gateway/upstream/forwarding_upstream.hpp"

namespace oap::platform {
namespace {

constexpr std::array<std::string_view, 3> kCommands = {"bash", "python", "run_command"};

bool runs_commands(const ToolCall& call) {
  return std::find(kCommands.begin(), kCommands.end(), call.tool) != kCommands.end();
}
bool writes_file(const ToolCall& call) {
  return call.tool == "write_file" || call.tool == "edit_file";
}

/// The one file that a call changes; none where it may change anything.
std::vector<std::string> paths_of(const ToolCall& call, const std::string& workspace) {
  std::vector<std::string> paths;
  if (const json::Value* path = json::find(call.arguments, "path");
      writes_file(call) && path != nullptr && path->is_string()) {
    const std::string given(json::view(path->get_string()));
    paths.push_back(given.starts_with('/') ? given : workspace + "/" + given);
  }
  return paths;
}

class WatchedUpstream final : public gateway::ForwardingUpstream {
 public:
  WatchedUpstream(std::unique_ptr<gateway::Upstream> server, checkpoint::Journal& journal,
                  std::string workspace,
                  std::function<checkpoint::TurnInfo(const ToolCall&)> turn_of)
      : ForwardingUpstream(std::move(server)),
        journal_(journal),
        workspace_(std::move(workspace)),
        turn_of_(std::move(turn_of)) {}

  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override {
    if (!runs_commands(call) && !writes_file(call)) {
      return server().call(std::move(call), std::move(options));
    }
    return watched_call(std::move(call), std::move(options));
  }

 private:
  using Effect = checkpoint::Journal::Effect;

  Task<mcp::Answer<ToolResult>> watched_call(ToolCall call, mcp::RequestOptions options) {
    checkpoint::TurnInfo turn = turn_of_(call);
    auto look = [this, turn = std::move(turn), paths = paths_of(call, workspace_)] {
      return journal_.before(turn, paths);
    };
    auto looking = async::run_blocking(pool_, std::move(look));
    Result<Effect> effect = co_await std::move(looking);
    mcp::Answer<ToolResult> answer = co_await server().call(std::move(call), std::move(options));
    if (effect) {
      auto compare = [this, seen = *std::move(effect)] { return journal_.after(seen); };
      auto comparing = async::run_blocking(pool_, std::move(compare));
      const Result<void> kept = co_await async::shielded(std::move(comparing));
      if (!kept) {
        log::warn("checkpoint", "what a call changed cannot be taken back",
                  {{"error", kept.error().to_string()}});
      }
    }
    co_return answer;
  }

  checkpoint::Journal& journal_;
  std::string workspace_;
  std::function<checkpoint::TurnInfo(const ToolCall&)> turn_of_;
  async::BlockingPool pool_{1};
};

}  // namespace

Result<std::unique_ptr<checkpoint::Journal>> open_checkpoints(const Settings& settings) {
  return checkpoint::Journal::open(settings.paths.state_dir + "/checkpoints",
                                   settings.paths.workspace, system_clock());
}

std::unique_ptr<gateway::Upstream> watched(
    std::unique_ptr<gateway::Upstream> server, checkpoint::Journal& journal, std::string workspace,
    std::function<checkpoint::TurnInfo(const ToolCall&)> turn_of) {
  return std::make_unique<WatchedUpstream>(std::move(server), journal, std::move(workspace),
                                           std::move(turn_of));
}

}  // namespace oap::platform
