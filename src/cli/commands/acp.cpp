#include <fcntl.h>
#include <unistd.h>

#include "acp/agent.hpp"
#include "async/cancel.hpp"
#include "async/runtime.hpp"
#include "async/signal.hpp"
#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "platform/acp_host.hpp"

namespace oap::cli {
namespace {

constexpr int kInterrupted = 130;

Result<os::UniqueFd> own_copy(int descriptor) {
  os::UniqueFd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
  if (!copy) {
    return fail(Code::kUsage, "oap acp needs standard input and output");
  }
  return copy;
}

/// The editor's end of input and a signal end it in the same way.
Task<Result<void>> serve(acp::Agent& agent, os::UniqueFd in, os::UniqueFd out,
                         async::CancelToken token) {
  Task<Result<void>> work = agent.serve(std::move(in), std::move(out));
  co_return co_await async::cancellable(std::move(token), std::move(work));
}

}  // namespace

int acp_command(const Common& common, const AcpArgs& args) {
  auto in = own_copy(STDIN_FILENO);
  auto out = own_copy(STDOUT_FILENO);
  if (!in || !out) {
    return report(in ? out.error() : in.error());
  }
  // Whatever else might be printed must not reach the editor as a message.
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  async::Runtime runtime;
  platform::AcpHost host({runtime.executor(), args.model, common.trust, common.workspace});
  acp::AgentOptions options;
  options.permission_patience = std::chrono::seconds(args.permission_seconds);
  acp::Agent agent(runtime.executor(), host, options);
  async::CancelSource cancel;
  const async::Signals signals(runtime.executor(), [&cancel](int /*signal*/, int count) {
    if (count > 1) {
      _exit(kInterrupted);
    }
    cancel.request();
  });
  const Result<void> ended =
      runtime.run(serve(agent, *std::move(in), *std::move(out), cancel.token()));
  return ended || cancel.requested() ? 0 : report(ended.error());
}

}  // namespace oap::cli
