#include "mcp/tool_server.hpp"

#include <utility>

#include "async/stream.hpp"
#include "base/log.hpp"
#include "mcp/outbox.hpp"

namespace oap::mcp {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;

struct Session {
  async::ReadPipe in;
  async::WritePipe out;
  Outbox outbox;
  async::Event writer_ended;
  Result<void> written{};
};

Task<void> write_out(Session& session) {
  session.written = co_await session.outbox.run(session.out);
  session.writer_ended.notify();
  if (!session.written) {
    session.in.close();
  }
}

Task<void> read_in(Session& session, ToolEndpoint& endpoint, std::size_t max_message_bytes) {
  LineSplitter splitter(max_message_bytes);
  const auto deliver = [&endpoint](const LineSplitter::Piece& piece) {
    if (const auto* line = std::get_if<std::string>(&piece)) {
      endpoint.receive(*line);
    } else {
      endpoint.receive_oversize(std::get<Oversize>(piece));
    }
  };
  while (true) {
    const auto chunk = co_await session.in.read_some(kReadSize);
    if (!chunk || chunk->empty()) {
      break;
    }
    splitter.feed(*chunk);
    while (const auto piece = splitter.next()) {
      deliver(*piece);
    }
  }
  if (const auto piece = splitter.rest()) {
    deliver(*piece);
  }
}

}  // namespace

StdioServer::StdioServer(Executor executor, std::vector<std::unique_ptr<Tool>> tools,
                         StdioServerOptions options)
    : executor_(std::move(executor)), tools_(std::move(tools)), options_(std::move(options)) {}

Task<Result<void>> StdioServer::serve(os::UniqueFd in, os::UniqueFd out) {
  Session session{async::ReadPipe(executor_, std::move(in)),
                  async::WritePipe(executor_, std::move(out)),
                  Outbox(executor_, "the client", options_.max_queued_bytes),
                  async::Event(executor_),
                  {}};
  ToolEndpoint endpoint(
      executor_, std::move(tools_), options_.identity, [&session](std::string message) {
        if (auto sent = session.outbox.push(std::move(message)); !sent) {
          log::debug("mcp", "a message was not sent", {{"error", sent.error().message()}});
        }
      });
  async::Scope scope(executor_);
  scope.spawn(write_out(session));
  co_await read_in(session, endpoint, options_.max_message_bytes);
  const bool reader_gone = session.writer_ended.notified();
  const Deadline patience = Deadline::after(reader_gone ? Millis(0) : options_.eof_grace);
  co_await endpoint.finish(patience);
  session.outbox.finish();
  const Deadline flush = Deadline::after(Millis(5000));
  if (co_await session.writer_ended.wait(flush) != async::Event::Wake::kNotified) {
    scope.cancel();
  }
  co_await scope.join();
  co_return session.written;
}

}  // namespace oap::mcp
