#include "sandbox/run.hpp"

#include <algorithm>
#include <memory>

#include "async/deadline.hpp"
#include "async/event.hpp"
#include "async/scope.hpp"
#include "sandbox/child.hpp"
#include "sandbox/clip.hpp"
#include "sandbox/proxy.hpp"

namespace oap::sandbox {
namespace {

constexpr std::size_t kPiece = 64u << 10;
constexpr Millis kLongestKill{10'000};
constexpr Millis kLongestDrain{2'000};
constexpr int kTimedOutCode = 124;

using OnOutput = std::function<void(std::size_t)>;

Task<void> collect(async::ReadPipe& pipe, Clip& clip, OnOutput told) {
  while (true) {
    const auto piece = co_await pipe.read_some(kPiece);
    if (!piece || piece->empty()) {
      co_return;
    }
    clip.add(*piece);
    if (told) {
      told(piece->size());
    }
  }
}

/// A child need not read its input: an error here is no failure of the run.
Task<void> feed(async::WritePipe& pipe, std::string input) {
  co_await pipe.write_all(std::move(input));
  pipe.close();
}

Task<Result<Exit>> kill_and_wait(Child& child) {
  child.kill();
  const Deadline deadline = Deadline::after(kLongestKill);
  co_return co_await async::with_deadline(deadline, child.wait(), "the end of a killed program");
}

/// All writers are gone, so the ends come at once, unless a pipe was handed out of the tree.
Task<Result<void>> drain(async::Scope& readers) {
  const auto join = [](async::Scope& scope) -> Task<Result<void>> {
    co_await scope.join();
    co_return Result<void>();
  };
  const Deadline deadline = Deadline::after(kLongestDrain);
  co_return co_await async::with_deadline(deadline, join(readers), "reading what was printed");
}

/// From the start of the program to the end of all its output.
Task<Exit> attend(Executor executor, Child& child, RunOptions& options, Output& output, Clip& out,
                  Clip& err) {
  async::Scope streams(executor);
  streams.spawn(collect(child.out(), out, options.on_output));
  streams.spawn(collect(child.err(), err, options.on_output));
  streams.spawn(feed(child.in(), std::move(options.input)));
  auto ended = co_await async::with_deadline(options.deadline, child.wait(), "the program");
  if (!ended) {
    output.timed_out = true;
    ended = co_await async::shielded(kill_and_wait(child));
  }
  co_await async::shielded(drain(streams));
  streams.cancel();
  co_await streams.join();
  Exit lost;
  lost.note = "it was killed, but the kernel does not let it end";
  co_return ended.value_or(lost);
}

}  // namespace

Task<Result<Output>> run(Executor executor, Spec spec, RunOptions options) {
  if (co_await async::cancel_requested()) {
    co_return fail(Code::kCancelled, "cancelled before '{}' was started",
                   spec.argv.empty() ? "" : spec.argv.front());
  }
  const SteadyTime began = std::chrono::steady_clock::now();
  spec.merge_stderr = spec.merge_stderr || options.merge_stderr;
  spec.through_proxy = spec.through_proxy || !spec.hosts.empty();
  OAP_CO_TRY(AllowList hosts, AllowList::parse(spec.hosts));
  const bool through_proxy = !spec.hosts.empty();
  auto starting = Child::start_beside(executor, std::move(spec));
  OAP_CO_TRY(const std::unique_ptr<Child> child, co_await std::move(starting));
  async::Scope proxy(executor);
  if (through_proxy) {
    const ContactSink nobody = [](const Contact& /*contact*/) {};
    proxy.spawn(serve_proxy(executor, child->listener(), std::move(hosts), nobody, ProxyOptions()));
  }
  Output output;
  Clip out(options.max_output_bytes);
  Clip err(options.max_output_bytes);
  Exit ended = co_await attend(executor, *child, options, output, out, err);
  proxy.cancel();
  co_await proxy.join();
  output.isolation = child->isolation();
  output.weakness = child->weakness();
  output.exit_code = output.timed_out ? kTimedOutCode : ended.code;
  output.signal = ended.signal;
  output.note = std::move(ended.note);
  output.warnings = std::move(ended.warnings);
  output.changes = child->changes();
  output.dropped = std::move(ended.dropped);
  output.truncated = out.clipped() || err.clipped();
  output.out = out.take();
  output.err = err.take();
  const auto took = std::chrono::steady_clock::now() - began;
  output.duration = std::chrono::duration_cast<Millis>(took);
  co_return output;
}

}  // namespace oap::sandbox
