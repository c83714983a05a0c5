#pragma once

#include <memory>
#include <string>
#include <utility>

#include "mcp/testing/linked_client.hpp"
#include "net/http_client.hpp"

namespace oap::mcp::testing {

/// A client of one server over HTTP, for one test, driven step by step from plain code.
class HttpLinked : public Linked {
 public:
  explicit HttpLinked(std::string url, ServerSpec spec = {}, ClientEvents events = {}) {
    http_ = std::make_unique<net::HttpClient>(runtime_.executor());
    spec.name = "peer";
    spec.url = std::move(url);
    spec.http = http_.get();
    connect(std::move(spec), std::move(events));
  }
  ~HttpLinked() {
    if (client_) {
      runtime_.run(client_->close());
      client_.reset();
    }
  }

  Answer<ToolResult> call(const std::string& tool, const std::string& arguments = "{}",
                          RequestOptions options = {}) {
    return runtime_.run(client_->call_tool(tool_call(tool, arguments), std::move(options)));
  }
  /// The text of the result, or "error: …".
  std::string text(const std::string& tool, const std::string& arguments = "{}",
                   RequestOptions options = {}) {
    const auto result = call(tool, arguments, std::move(options));
    return result ? result->joined_text()
                  : "error: " + std::string(to_string(result.error().error.code())) + ": " +
                        result.error().error.to_string();
  }

 private:
  std::unique_ptr<net::HttpClient> http_;
};

}  // namespace oap::mcp::testing
