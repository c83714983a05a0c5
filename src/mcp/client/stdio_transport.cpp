#include "mcp/client/stdio_transport.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sandbox/proxy.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kLeastRead = 8 * 1024;
constexpr std::size_t kMostRead = 64 * 1024;
constexpr std::size_t kKeptErrors = 4096;
constexpr Millis kDrainTime{500};

std::string describe(const sandbox::Exit& exit) {
  std::string text = exit.signal != 0 ? fmt::format("signal {}", exit.signal)
                                      : fmt::format("exit code {}", exit.code);
  return exit.note.empty() ? text : text + ", " + exit.note;
}

}  // namespace

StdioTransport::StdioTransport(Executor executor, std::string name, sandbox::Spec process,
                               StdioOptions options)
    : executor_(executor),
      name_(std::move(name)),
      process_(std::move(process)),
      options_(options),
      outbox_(executor, name_, options.max_queued_bytes),
      scope_(executor),
      exited_(executor),
      output_ended_(executor),
      errors_ended_(executor),
      exit_seen_(executor),
      trouble_(executor) {}

StdioTransport::~StdioTransport() = default;

Task<Result<void>> StdioTransport::open(Receiver& receiver) {
  auto hosts = sandbox::AllowList::parse(process_.hosts);
  if (!hosts) {
    co_return fail(std::move(hosts).error());
  }
  process_.through_proxy = !process_.hosts.empty();
  auto child = sandbox::Child::start(executor_, process_);
  if (!child) {
    co_return fail(std::move(child).error().with_context(
        fmt::format("the MCP server '{}' could not be started", name_)));
  }
  receiver_ = &receiver;
  child_ = *std::move(child);
  if (process_.through_proxy) {
    const sandbox::ContactSink nobody = [](const sandbox::Contact& /*contact*/) {};
    scope_.spawn(sandbox::serve_proxy(executor_, child_->listener(), *std::move(hosts), nobody,
                                      sandbox::ProxyOptions()));
  }
  scope_.spawn(read_messages());
  scope_.spawn(read_diagnostics());
  scope_.spawn(write_messages());
  scope_.spawn(await_exit());
  scope_.spawn(watch_link());
  co_return Result<void>();
}

Result<void> StdioTransport::send(Outgoing message) {
  if (!alive()) {
    return fail(Code::kUnavailable, "the MCP server '{}' is not running", name_);
  }
  return outbox_.push(std::move(message.text));
}

Task<Result<void>> StdioTransport::deliver(Outgoing message) { co_return send(std::move(message)); }

std::optional<int> StdioTransport::pid() const {
  return child_ == nullptr ? std::nullopt : std::optional<int>(child_->pid());
}

std::string StdioTransport::diagnostics() const {
  return std::string(text::trim(text::sanitize_utf8(error_tail_)));
}

void StdioTransport::deliver(const LineSplitter::Piece& piece) {
  if (ended_) {
    return;
  }
  if (const auto* line = std::get_if<std::string>(&piece)) {
    receiver_->on_message(*line, 0);
  } else {
    receiver_->on_oversize(std::get<Oversize>(piece), 0);
  }
}

Task<void> StdioTransport::read_messages() {
  LineSplitter splitter(options_.max_message_bytes);
  std::size_t size = kLeastRead;
  while (true) {
    const auto chunk = co_await child_->out().read_some(size);
    if (!chunk || chunk->empty()) {
      break;
    }
    size = chunk->size() == size ? std::min(size * 2, kMostRead) : kLeastRead;
    splitter.feed(*chunk);
    while (const auto piece = splitter.next()) {
      deliver(*piece);
    }
  }
  if (const auto piece = splitter.rest()) {
    deliver(*piece);
  }
  output_ended_.notify();
  report_trouble("closed its output");
}

Task<void> StdioTransport::read_diagnostics() {
  while (true) {
    const auto chunk = co_await child_->err().read_some(kLeastRead);
    if (!chunk || chunk->empty()) {
      break;
    }
    error_tail_ += *chunk;
    if (error_tail_.size() > kKeptErrors) {
      error_tail_.erase(0, error_tail_.size() - kKeptErrors);
    }
  }
  errors_ended_.notify();
}

Task<void> StdioTransport::write_messages() {
  const auto written = co_await outbox_.run(child_->in());
  child_->in().close();
  if (!written && written.error().code() != Code::kCancelled) {
    report_trouble("no longer reads its input");
  }
}

Task<void> StdioTransport::await_exit() {
  const auto exit = co_await child_->wait();
  if (!exit && exit.error().code() == Code::kCancelled) {
    co_return;
  }
  const Deadline drained = Deadline::after(kDrainTime);
  co_await output_ended_.wait(drained);
  co_await errors_ended_.wait(drained);
  exit_seen_.notify();
  exited_.notify();
  end(Code::kUnavailable, exit ? "ended with " + describe(*exit) : exit.error().message());
}

void StdioTransport::report_trouble(std::string what) {
  if (trouble_text_.empty()) {
    trouble_text_ = std::move(what);
  }
  trouble_.notify();
}

/// A link that is of no use although its process runs: it gets a moment to exit by itself, so that
/// the message can name the exit status, and is then ended.
Task<void> StdioTransport::watch_link() {
  const Deadline never = Deadline::never();
  if (co_await trouble_.wait(never) != async::Event::Wake::kNotified) {
    co_return;
  }
  const Deadline moment = Deadline::after(Millis(1500));
  const async::Event::Wake wake = co_await exit_seen_.wait(moment);
  if (wake == async::Event::Wake::kDeadline && !closing_) {
    end(Code::kUnavailable, trouble_text_);
    child_->terminate(options_.term_grace);
  }
}

void StdioTransport::end(Code code, const std::string& what) {
  if (std::exchange(ended_, true)) {
    return;
  }
  outbox_.finish();
  const std::string tail = diagnostics();
  receiver_->on_closed(Error(code, fmt::format("the MCP server '{}' {}{}{}", name_, what,
                                               tail.empty() ? "" : "; it wrote last:\n", tail)));
}

Task<void> StdioTransport::close() {
  if (child_ == nullptr || std::exchange(closing_, true)) {
    co_return;
  }
  outbox_.finish();
  const Deadline eof = Deadline::after(options_.eof_grace);
  co_await exited_.wait_shielded(eof);
  if (!exited_.notified()) {
    child_->terminate(options_.term_grace);
    const Deadline term = Deadline::after(options_.term_grace);
    co_await exited_.wait_shielded(term);
  }
  if (!exited_.notified()) {
    child_->kill();
    const Deadline killed = Deadline::after(Millis(5000));
    co_await exited_.wait_shielded(killed);
  }
  ended_ = true;
  scope_.cancel();
  co_await scope_.join();
}

}  // namespace oap::mcp
