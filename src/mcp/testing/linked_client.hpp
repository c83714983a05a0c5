#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "json/parse.hpp"
#include "mcp/client/client.hpp"

namespace oap::mcp::testing {

/// True where python3 can be run; else tests with these servers are skipped with this reason.
inline bool has_python() { return std::system("python3 -c pass >/dev/null 2>&1") == 0; }
#define OAP_NEEDS_PYTHON()                                                    \
  if (!::oap::mcp::testing::has_python()) {                                   \
    GTEST_SKIP() << "python3 is not installed; the test MCP servers need it"; \
  }

/// A server of tests/support/mcp_servers.
inline ServerSpec server(const std::string& script, std::vector<std::string> arguments = {}) {
  ServerSpec spec;
  spec.name = script.substr(0, script.find('.'));
  spec.process.argv = {"python3", OAP_SOURCE_DIR "/tests/support/mcp_servers/" + script};
  spec.process.argv.insert(spec.process.argv.end(), arguments.begin(), arguments.end());
  spec.process.profile = sandbox::Profile::kService;
  spec.start_timeout = Millis(60'000);  // the machine may be busy with other tests
  return spec;
}

inline ToolCall tool_call(const std::string& tool, const std::string& arguments = "{}") {
  ToolCall call;
  call.tool = tool;
  call.arguments = json::parse_object(arguments).value();
  return call;
}

/// A client that is connected for one test, driven step by step from plain code.
class Linked {
 public:
  ~Linked() {
    if (client_) {
      runtime_.run(client_->close());
    }
  }
  Linked(const Linked&) = delete;
  Linked& operator=(const Linked&) = delete;

  Client* operator->() { return client_.get(); }
  explicit operator bool() const { return client_ != nullptr; }
  const std::optional<Error>& error() const { return error_; }
  std::string why() const { return error_ ? error_->to_string() : ""; }
  async::Runtime& runtime() { return runtime_; }
  template <class T>
  T run(Task<T> task) {
    return runtime_.run(std::move(task));
  }
  /// Runs the loop until it is so; false after ten seconds.
  bool wait_until(const std::function<bool()>& so) {
    const Deadline patience = Deadline::after(Millis(10'000));
    while (!so() && !patience.passed()) {
      runtime_.run(async::sleep_for(Millis(5)));
    }
    return so();
  }

 protected:
  Linked() = default;
  void connect(ServerSpec spec, ClientEvents events) {
    auto connected =
        runtime_.run(Client::connect(runtime_.executor(), std::move(spec), std::move(events)));
    if (connected) {
      client_ = *std::move(connected);
    } else {
      error_ = connected.error();
    }
  }

  async::Runtime runtime_;
  std::unique_ptr<Client> client_;
  std::optional<Error> error_;
};

/// The same of a server on stdio.
class LinkedClient : public Linked {
 public:
  explicit LinkedClient(ServerSpec spec, ClientEvents events = {}) {
    connect(std::move(spec), std::move(events));
  }

  Result<std::vector<ToolSpec>> tools() {
    return runtime_.run(client_->list_tools(Deadline::after(Millis(20'000))));
  }
  Result<ToolResult> call(ToolCall call, RequestOptions options = {}) {
    auto answer = runtime_.run(client_->call_tool(std::move(call), std::move(options)));
    return answer ? Result<ToolResult>(*std::move(answer)) : fail(std::move(answer).error().error);
  }
  Answer<json::Object> request(const std::string& method, const std::string& params = "{}",
                               RequestOptions options = {}) {
    return runtime_.run(
        client_->request(method, json::parse_object(params).value(), std::move(options)));
  }
  Result<ToolResult> call(const std::string& tool, const std::string& arguments = "{}") {
    return call(tool_call(tool, arguments));
  }
  /// The text of the result, or "error: …", or "tool error: …".
  std::string text(const std::string& tool, const std::string& arguments = "{}") {
    const auto result = call(tool, arguments);
    if (!result) {
      return "error: " + std::string(to_string(result.error().code())) + ": " +
             result.error().to_string();
    }
    return (result->is_error ? "tool error: " : "") + result->joined_text();
  }
};

}  // namespace oap::mcp::testing
