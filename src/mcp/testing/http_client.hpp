#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "async/runtime.hpp"
#include "async/sleep.hpp"
#include "json/parse.hpp"
#include "mcp/client/client.hpp"
#include "net/http_client.hpp"

namespace oap::mcp::testing {

/// A client of one server over HTTP, for one test, driven step by step from plain code.
class HttpLinked {
 public:
  explicit HttpLinked(std::string url, ServerSpec spec = {}, ClientEvents events = {})
      : http_(runtime_.executor()) {
    spec.name = "peer";
    spec.url = std::move(url);
    spec.http = &http_;
    auto connected =
        runtime_.run(Client::connect(runtime_.executor(), std::move(spec), std::move(events)));
    if (connected) {
      client_ = *std::move(connected);
    } else {
      error_ = connected.error();
    }
  }
  ~HttpLinked() {
    if (client_) {
      runtime_.run(client_->close());
    }
  }
  Client* operator->() { return client_.get(); }
  explicit operator bool() const { return client_ != nullptr; }
  const std::optional<Error>& error() const { return error_; }
  std::string why() const { return error_ ? error_->to_string() : ""; }

  template <class T>
  T run(Task<T> task) {
    return runtime_.run(std::move(task));
  }
  Answer<ToolResult> call(const std::string& tool, const std::string& arguments = "{}",
                          RequestOptions options = {}) {
    ToolCall call;
    call.tool = tool;
    call.arguments = json::parse_object(arguments).value();
    return runtime_.run(client_->call_tool(std::move(call), std::move(options)));
  }
  /// The text of the result, or "error: …".
  std::string text(const std::string& tool, const std::string& arguments = "{}",
                   RequestOptions options = {}) {
    const auto result = call(tool, arguments, std::move(options));
    return result ? result->joined_text()
                  : "error: " + std::string(to_string(result.error().error.code())) + ": " +
                        result.error().error.to_string();
  }
  /// Runs the loop until it is so; false after ten seconds.
  bool wait_until(const std::function<bool()>& so) {
    const Deadline patience = Deadline::after(Millis(10'000));
    while (!so() && !patience.passed()) {
      runtime_.run(async::sleep_for(Millis(5)));
    }
    return so();
  }

 private:
  async::Runtime runtime_;
  net::HttpClient http_;
  std::unique_ptr<Client> client_;
  std::optional<Error> error_;
};

}  // namespace oap::mcp::testing
