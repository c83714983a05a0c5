#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acp/agent.hpp"

namespace oap::acp {

/// The editor's files over the wire. Which session asks is part of a request, so each has its own.
class Agent::Files final : public EditorFiles {
 public:
  Files(Wire& wire, const Client& client, Millis patience)
      : wire_(wire), client_(client), patience_(patience) {}

  void set_session(std::string id) { session_id_ = std::move(id); }
  bool can_read() const override { return client_.reads_files; }
  bool can_write() const override { return client_.writes_files; }

  Task<Result<std::string>> read(std::string path, Deadline deadline) override {
    json::Object params{{"sessionId", session_id_}, {"path", path}};
    const Deadline until = Deadline::after(patience_).sooner(deadline);
    auto result = co_await wire_.ask("fs/read_text_file", std::move(params), until);
    if (!result) {
      co_return fail(std::move(result).error());
    }
    const json::Value* const content = json::find(*result, "content");
    if (content == nullptr || !content->is_string()) {
      co_return fail(Code::kUpstream, "the editor's answer has no content");
    }
    co_return std::string(json::view(content->get_string()));
  }

  Task<Result<void>> write(std::string path, std::string text, Deadline deadline) override {
    json::Object params{{"sessionId", session_id_}, {"path", path}, {"content", text}};
    const Deadline until = Deadline::after(patience_).sooner(deadline);
    auto result = co_await wire_.ask("fs/write_text_file", std::move(params), until);
    if (!result) {
      co_return fail(std::move(result).error());
    }
    co_return Result<void>{};
  }

 private:
  Wire& wire_;
  Client client_;
  Millis patience_;
  std::string session_id_;
};

/// A session that is open. The files and the approver outlive the session.
struct Agent::Open {
  Open(Wire& wire, const Client& client, const AgentOptions& options, Executor executor)
      : files(wire, client, options.file_patience),
        approver(wire, options.permission_patience),
        idle(std::move(executor)) {}

  Files files;
  EditorApprover approver;
  std::unique_ptr<HostSession> session;
  Chosen chosen;
  std::vector<std::string> models;
  std::optional<double> cost;
  std::optional<async::CancelSource> turn;  // a prompt is under way
  bool closing = false;
  async::Event idle;  // notified when a turn has ended
};

}  // namespace oap::acp
