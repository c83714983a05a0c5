#include "platform/checkpoints.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "async/blocking_pool.hpp"
#include "async/deadline.hpp"
#include "async/run_blocking.hpp"
#include "base/log.hpp"

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

class WatchedUpstream final : public gateway::Upstream {
 public:
  WatchedUpstream(std::unique_ptr<gateway::Upstream> server, checkpoint::Journal& journal,
                  std::string workspace,
                  std::function<checkpoint::TurnInfo(const ToolCall&)> turn_of)
      : server_(std::move(server)),
        journal_(journal),
        workspace_(std::move(workspace)),
        turn_of_(std::move(turn_of)) {}

  Task<mcp::Answer<ToolResult>> call(ToolCall call, mcp::RequestOptions options) override {
    if (!runs_commands(call) && !writes_file(call)) {
      return server_->call(std::move(call), std::move(options));
    }
    return watched_call(std::move(call), std::move(options));
  }

  std::string_view name() const override { return server_->name(); }
  Task<Result<mcp::PeerInfo>> start(Deadline deadline) override { return server_->start(deadline); }
  Task<Result<std::vector<ToolSpec>>> list_tools(Deadline deadline) override {
    return server_->list_tools(deadline);
  }
  Task<Result<mcp::Listing>> list(gateway::ListKind kind, Deadline deadline) override {
    return server_->list(kind, deadline);
  }
  bool bounds_itself() const override { return server_->bounds_itself(); }
  Task<mcp::Answer<json::Object>> request(std::string method, json::Object params,
                                          mcp::RequestOptions options) override {
    return server_->request(std::move(method), std::move(params), std::move(options));
  }
  Task<mcp::Answer<json::Object>> watch(std::string uri) override {
    return server_->watch(std::move(uri));
  }
  Task<void> unwatch(std::string uri) override { return server_->unwatch(std::move(uri)); }
  Task<void> set_log_level(std::string level) override {
    return server_->set_log_level(std::move(level));
  }
  std::optional<mcp::PeerInfo> info() const override { return server_->info(); }
  gateway::Health health() const override { return server_->health(); }
  void on_change(OnListChanged lists, OnResourceUpdated resource) override {
    server_->on_change(std::move(lists), std::move(resource));
  }
  void on_notification(OnNotification other) override {
    server_->on_notification(std::move(other));
  }
  Task<void> close() override { return server_->close(); }

 private:
  using Effect = checkpoint::Journal::Effect;

  Task<mcp::Answer<ToolResult>> watched_call(ToolCall call, mcp::RequestOptions options) {
    checkpoint::TurnInfo turn = turn_of_(call);
    auto look = [this, turn = std::move(turn), paths = paths_of(call, workspace_)] {
      return journal_.before(turn, paths);
    };
    auto looking = async::run_blocking(pool_, std::move(look));
    Result<Effect> effect = co_await std::move(looking);
    mcp::Answer<ToolResult> answer = co_await server_->call(std::move(call), std::move(options));
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

  std::unique_ptr<gateway::Upstream> server_;
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
