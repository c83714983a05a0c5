#include "platform/platform.hpp"

#include "base/ids.hpp"
#include "gateway/trust/clean.hpp"
#include "platform/assembly.hpp"
#include "platform/redaction.hpp"
#include "platform/task_run.hpp"

namespace oap::platform {

Result<std::unique_ptr<Platform>> Platform::open(PlatformOptions options) {
  OAP_TRY(auto parts, Assembly::make(std::move(options)));
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Platform::Platform(std::unique_ptr<Assembly> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

Task<Result<orchestration::TaskReport>> Platform::run_task(RunRequest request,
                                                           RunObserver observer) {
  TaskRun run(*parts_, std::move(request), std::move(observer));
  co_return co_await run.carry_out();
}

Result<store::SessionRecord> Platform::settle_session(const std::string& id) {
  return parts_->opener->settle(settings().paths.workspace, id);
}

Task<ToolOutcome> Platform::call_tool(std::string server, std::string tool, json::Object arguments,
                                      gateway::CallLink link) {
  ToolCall call;
  call.id = new_id("call_");
  call.principal = parts_->principal;
  call.server = std::move(server);
  call.tool = std::move(tool);
  call.arguments = std::move(arguments);
  call.origin = Origin::kCommand;
  co_return co_await parts_->gateway->invoke(std::move(call), std::move(link));
}

void Platform::watch_calls(gateway::ProgressObserver observer) {
  parts_->gateway->set_observer(observer ? redacted(*parts_->redactor, std::move(observer))
                                         : gateway::ProgressObserver());
}

std::string Platform::cleaned(std::string_view text) const {
  std::string told = parts_->redactor->redact(text);
  gateway::clean(told);
  return told;
}

Task<void> Platform::close() {
  co_await parts_->events->end();
  co_await parts_->programs->close();
  if (parts_->workflows != nullptr) {
    co_await parts_->workflows->close();
  }
  co_await parts_->catalog->close();
  co_await parts_->upstreams.close();
}

store::Store& Platform::store() { return *parts_->store; }
checkpoint::Journal& Platform::checkpoints() { return *parts_->checkpoints; }
const security::SecretScanner& Platform::scanner() const { return *parts_->scanner; }
gateway::Catalog& Platform::catalog() { return *parts_->catalog; }
gateway::UpstreamSet& Platform::upstreams() { return parts_->upstreams; }
const Settings& Platform::settings() const { return parts_->options.settings; }
gateway::Gateway& Platform::gateway() { return *parts_->gateway; }
gateway::AuditSink& Platform::audit() { return *parts_->audit; }
const gateway::Redactor& Platform::redactor() const { return *parts_->redactor; }
ToolPins& Platform::pins() { return *parts_->trust; }
const permission::Engine& Platform::permissions() const { return parts_->policy->engine(); }
PolicyHealth Platform::policy_health() const { return parts_->policy->health(); }
net::HttpClient& Platform::http() { return *parts_->http; }
Workflows& Platform::workflows() { return parts_->the_workflows(); }
Missions& Platform::missions() { return parts_->the_missions(); }
Executor Platform::executor() const { return parts_->options.executor; }
const Principal& Platform::principal() const { return parts_->principal; }

}  // namespace oap::platform
