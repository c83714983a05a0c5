#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "gateway/upstream/upstream.hpp"
#include "json/schema.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Which tools there are, by the public names that models use. Built-in tools are known without
/// starting anything; a server's tools once it has answered.
class Catalog {
 public:
  Catalog(UpstreamSet& upstreams, std::vector<ToolSpec> builtin);

  /// Asks every server for its tools, each within `deadline`. A server that cannot answer is left
  /// out and named in `unavailable()`. Built-in tools first, then servers by name: always the same
  /// order, so that prompts stay cacheable.
  Task<std::vector<ToolSpec>> all(Deadline deadline);
  /// The built-in tools alone.
  const std::vector<ToolSpec>& builtin() const { return builtin_; }
  /// Server name → why its tools are missing, from the last `all`.
  const std::map<std::string, std::string>& unavailable() const { return unavailable_; }

  /// Server and tool of a public name: `tool`, `server__tool`. kNotFound with the nearest name.
  struct Name {
    std::string server;
    std::string tool;
  };
  Result<Name> parse_name(std::string_view public_name) const;

  /// What is known of the tool without starting anything: nothing where the server has not been
  /// asked yet. kNotFound as in `find`.
  Result<std::optional<ToolSpec>> find_known(const std::string& server,
                                             const std::string& tool) const;

  /// Makes sure that the server is configured and has the tool; starts it where need be.
  /// kNotFound "Unknown MCP server: …" or "Unknown tool: …" with the nearest name.
  Task<Result<ToolSpec>> find(std::string server, std::string tool, Deadline deadline);

  /// Nothing where the arguments fit the tool's schema, else a sentence for the model.
  std::optional<std::string> check_arguments(const ToolSpec& spec, const json::Object& arguments);

 private:
  Task<Result<void>> load(Upstream& upstream, Deadline deadline);

  UpstreamSet& upstreams_;
  std::vector<ToolSpec> builtin_;
  std::map<std::string, std::vector<ToolSpec>, std::less<>> known_;
  std::map<std::string, std::string> unavailable_;
  std::map<std::string, Result<json::Schema>, std::less<>> schemas_;
};

}  // namespace oap::gateway
