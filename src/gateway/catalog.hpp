#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/scope.hpp"
#include "async/task.hpp"
#include "gateway/search/names.hpp"
#include "gateway/search/uris.hpp"
#include "gateway/upstream/upstream.hpp"
#include "json/schema.hpp"
#include "model/tool.hpp"

namespace oap::gateway {

/// Says which tools of a server may not be used although it offers them.
class ToolGate {
 public:
  virtual ~ToolGate() = default;
  /// Tool name → why it is held back. Asked anew whenever the server's tools were listed.
  virtual std::map<std::string, std::string> held_back(const std::string& server,
                                                       const std::vector<ToolSpec>& tools) = 0;
};

struct CatalogOptions {
  Millis list_timeout{10'000};              ///< of one server; whoever is later is left out
  std::map<std::string, bool> passthrough;  ///< servers whose names are offered as they are
  /// Takes secrets out of definitions as they come; empty: nothing is.
  std::function<json::Value(json::Value definition)> clean;
  bool offer_builtin = true;  ///< the built-in tools are part of the list
};

/// What there is behind the gateway, by the public names that models and clients use: tools,
/// resources, templates and prompts of every server. Built-in tools are known without starting
/// anything; a server's lists once it has answered, and then until it says that they have changed.
/// Lists are fetched side by side and once, however many ask. Belongs to the executor's thread;
/// `close()` before destruction.
class Catalog {
 public:
  Catalog(Executor executor, UpstreamSet& upstreams, std::vector<ToolSpec> builtin,
          CatalogOptions options, ToolGate* trust);
  ~Catalog();

  /// All tools, built-in ones first, then by server and name: always the same order, so that
  /// prompts stay cacheable. A server that cannot answer within `deadline` is left out and named in
  /// `unavailable()`; where its lists were known, these stay.
  Task<std::vector<ToolSpec>> all(Deadline deadline);
  /// The items of a list of every server, as the servers gave them, with their server's name.
  struct Item {
    std::string server;
    json::Object definition;
  };
  /// What is known of a list now, without asking anyone.
  std::vector<Item> known_items(ListKind kind) const;
  /// Waits until every server has answered `kind` or cannot.
  Task<void> load_all(ListKind kind, Deadline deadline);
  /// The same of one server, whatever the others do.
  Task<void> load_one(std::string server, ListKind kind, Deadline deadline);
  /// What `all` gives, of what is known now.
  std::vector<ToolSpec> known_tools() const;

  /// The built-in tools alone.
  const std::vector<ToolSpec>& builtin() const { return builtin_; }
  /// Server name → why its lists are missing or old.
  std::map<std::string, std::string> unavailable() const;
  /// Server → tool → why it is held back.
  const std::map<std::string, std::map<std::string, std::string>>& held_back() const {
    return held_back_;
  }
  /// Why that list of a server is missing or old; "" where it is not.
  std::string why_missing(std::string_view server, ListKind kind) const;
  /// What is wrong with a server's lists (items without a name …), in words for a person.
  std::vector<std::string> problems_of(std::string_view server) const;
  /// Names that clash or had to be changed, in words for a person.
  std::vector<std::string> name_problems() const;

  /// Server and tool of a public name: `tool`, `server__tool`, or what the list shows. kNotFound
  /// with the nearest name.
  struct Name {
    std::string server;
    std::string tool;
  };
  Result<Name> parse_name(std::string_view public_name) const;

  /// The tools' and prompts' public names and the resources' public URIs, of what is known now.
  const NameTable& tools() const { return names_; }
  const NameTable& prompts() const { return prompts_; }
  const UriTable& uris() const { return uris_; }

  /// Grows whenever the tools that may be used, or their names, may have changed.
  std::uint64_t version() const { return version_; }

  /// What is known of the tool without starting anything: null where the server has not been asked
  /// yet. kNotFound as in `find`; kPermissionDenied where the tool is held back. Valid until the
  /// next wait.
  Result<const ToolSpec*> find_known(const std::string& server, const std::string& tool) const;

  /// Makes sure that the server is configured and has the tool; starts it where need be.
  /// kNotFound "Unknown MCP server: …" or "Unknown tool: …" with the nearest name.
  Task<Result<ToolSpec>> find(std::string server, std::string tool, Deadline deadline);

  /// Nothing where the arguments fit the tool's schema, else a sentence for the model. The
  /// arguments are looked at in place and are the same afterwards.
  std::optional<std::string> check_arguments(const ToolSpec& spec, json::Object& arguments);

  /// Told after a list has really changed.
  void on_change(std::function<void(ListKind)> callback) { on_change_ = std::move(callback); }
  /// Told of notifications/resources/updated, with the server's name.
  void on_resource(std::function<void(const std::string& server, json::Object params)> callback) {
    on_resource_ = std::move(callback);
  }
  /// Judges all that is known again: after an approval.
  void trust_changed();

  Task<void> close();

 private:
  struct List {
    std::vector<json::Object> items;
    bool known = false;
    bool stale = false;
    std::string why_missing;
    std::string problem;  ///< with what it lists
    bool loading = false;
    bool missed = false;  ///< somebody was answered without it
    std::vector<async::Event> waiters;
  };
  struct Server {
    std::array<List, 4> lists;
    std::vector<ToolSpec> tools;  ///< of lists[kTools], those that may be used
    std::map<std::string, std::size_t, std::less<>> by_name;
  };

  List& list_of(const std::string& server, ListKind kind);
  void start_loading(Upstream& upstream, ListKind kind);
  Task<void> load(std::string server, ListKind kind);
  void clean_items(ListKind kind, std::vector<json::Object>& items) const;
  void take(const std::string& server, ListKind kind, std::vector<json::Object> items);
  bool take_tools(const std::string& server, Server& entry);
  Task<void> wait_for(const std::string server, ListKind kind, Deadline deadline);
  void list_changed(const std::string& server, ListKind kind);
  std::vector<ServerNames> names_of(ListKind kind) const;
  bool passes_through(const std::string& server) const;
  void rename_tools();
  void rename_resources();

  Executor executor_;
  UpstreamSet& upstreams_;
  std::vector<ToolSpec> builtin_;
  CatalogOptions options_;
  ToolGate* trust_;
  std::map<std::string, Server, std::less<>> servers_;
  std::map<std::string, std::map<std::string, std::string>> held_back_;
  std::uint64_t version_ = 1;
  NameTable names_;
  NameTable prompts_;
  UriTable uris_;
  std::map<std::string, Result<json::Schema>, std::less<>> schemas_;
  std::function<void(ListKind)> on_change_;
  std::function<void(const std::string& server, json::Object params)> on_resource_;
  async::Scope scope_;
};

}  // namespace oap::gateway
