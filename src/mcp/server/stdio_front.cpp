#include <utility>

#include "async/stream.hpp"
#include "base/log.hpp"
#include "mcp/outbox.hpp"
#include "mcp/server/front.hpp"
#include "mcp/server/stdio_link.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr std::size_t kMaxQueued = 256U << 20U;

struct Pipes {
  async::ReadPipe in;
  async::WritePipe out;
  Outbox outbox;
  async::Event writer_ended;
  Result<void> written{};
};

Task<void> write_out(Pipes& pipes) {
  pipes.written = co_await pipes.outbox.run(pipes.out);
  pipes.writer_ended.notify();
  if (!pipes.written) {
    pipes.in.close();
  }
}

void deliver(StdioLink& link, LineSplitter::Piece piece) {
  if (auto* line = std::get_if<std::string>(&piece)) {
    link.receive(std::move(*line));
  } else {
    link.receive_oversize(std::get<Oversize>(piece));
  }
}

Task<void> read_in(Pipes& pipes, StdioLink& link, std::size_t max_message_bytes) {
  LineSplitter splitter(max_message_bytes);
  while (true) {
    const auto chunk = co_await pipes.in.read_some(kReadSize);
    if (!chunk || chunk->empty()) {
      break;
    }
    splitter.feed(*chunk);
    while (auto piece = splitter.next()) {
      deliver(link, *std::move(piece));
    }
  }
  if (auto piece = splitter.rest()) {
    deliver(link, *std::move(piece));
  }
}

}  // namespace

struct StdioFront::State {
  State(Executor on, Service& service, FrontLimits limits, Principal who)
      : executor(on), core(std::move(on), service, limits), principal(std::move(who)) {}
  Executor executor;
  Core core;
  Principal principal;
};

StdioFront::StdioFront(Executor executor, Service& service, FrontLimits limits, Principal principal)
    : state_(std::make_unique<State>(std::move(executor), service, limits, std::move(principal))) {}

StdioFront::~StdioFront() = default;

Task<Result<void>> StdioFront::serve(os::UniqueFd in, os::UniqueFd out, Millis eof_grace) {
  Core& core = state_->core;
  const Executor executor = state_->executor;
  Pipes pipes{async::ReadPipe(executor, std::move(in)),
              async::WritePipe(executor, std::move(out)),
              Outbox(executor, "the client", kMaxQueued),
              async::Event(executor),
              {}};
  StdioLink link(core, state_->principal, [&pipes](std::string message) {
    if (auto sent = pipes.outbox.push(std::move(message)); !sent) {
      log::debug("mcp", "a message was not sent", {{"error", sent.error().message()}});
    }
  });
  Feed::Registration registration =
      core.service().feed().listen([&link](const Change& change) { link.changed(change); });
  core.tend([&link](SteadyTime now) { link.sweep(now); });
  async::Scope scope(executor);
  scope.spawn(write_out(pipes));
  co_await read_in(pipes, link, core.limits().max_message_bytes);
  registration = {};
  core.begin_closing();
  link.end_input();
  const bool reader_gone = pipes.writer_ended.notified();
  const Deadline patience = Deadline::after(reader_gone ? Millis(0) : eof_grace);
  co_await core.wait_idle(patience);
  link.end();
  co_await core.close(patience);
  pipes.outbox.finish();
  const Deadline flush = Deadline::after(Millis(5000));
  if (co_await pipes.writer_ended.wait(flush) != async::Event::Wake::kNotified) {
    scope.cancel();
  }
  co_await scope.join();
  co_return pipes.written;
}

}  // namespace oap::mcp
