#include "config/mcp_json.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sys/stat.h>

#include "config/checker.hpp"
#include "config/expand.hpp"
#include "config/merge.hpp"
#include "json/parse.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

constexpr std::size_t kMaxFile = 4U << 20U;
constexpr std::string_view kTheirs = "mcpServers";
constexpr std::string_view kOurs = "mcp_servers";

/// There, only `${` is special.
std::string with_plain_dollars(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool variable = i + 1 < text.size() && text[i + 1] == '{';
    out += text.substr(i, 1);
    if (text[i] == '$' && !variable) {
      out += '$';
    }
  }
  return out;
}

json::Value as_ours(const json::Value& value) {
  if (value.is_string()) {
    return json::Value(json::String(with_plain_dollars(json::view(value.get_string()))));
  }
  if (value.is_array()) {
    json::Array out;
    for (const json::Value& item : value.get_array()) {
      out.push_back(as_ours(item));
    }
    return json::Value(std::move(out));
  }
  if (value.is_object()) {
    json::Object out;
    for (const auto& pair : value.get_object()) {
      out[pair.key()] = as_ours(pair.value());
    }
    return json::Value(std::move(out));
  }
  return value;
}

/// The first text in it whose variables cannot be replaced: why not.
std::optional<std::string> unset_in(const json::Value& value, const Env& env) {
  if (value.is_string()) {
    const auto expanded = expand(json::view(value.get_string()), env);
    return expanded ? std::nullopt : std::optional(expanded.error().message());
  }
  if (value.is_array()) {
    for (const json::Value& item : value.get_array()) {
      if (auto why = unset_in(item, env)) {
        return why;
      }
    }
  }
  if (value.is_object()) {
    for (const auto& pair : value.get_object()) {
      if (auto why = unset_in(pair.value(), env)) {
        return why;
      }
    }
  }
  return std::nullopt;
}

/// `oap mcp serve …`, by whatever path.
bool is_this_gateway(const json::Object& server) {
  const std::string_view program = json::get_string(server, "command");
  const json::Array* const args = json::find_array(server, "args");
  return program.substr(program.rfind('/') + 1) == "oap" && args != nullptr && args->size() >= 2 &&
         (*args)[0] == "mcp" && (*args)[1] == "serve";
}

class Reader {
 public:
  Reader(ForeignServers& out, const std::string& file) : out_(out) { document_.file = file; }

  void read(std::string_view text) {
    const auto parsed = json::parse(text, {64, kMaxFile});
    if (!parsed) {
      return not_json(parsed.error().message());
    }
    // JSON text is YAML too: that reader knows the lines.
    if (auto lines = yaml::parse(text, document_.file)) {
      lines_ = std::move(lines->lines);
    }
    if (!parsed->is_object()) {
      return problem("", "", "expected an object with mcpServers, not " + describe(*parsed));
    }
    for (const auto& pair : parsed->get_object()) {
      if (pair.key() != kTheirs) {
        warn("/" + pointer_token(pair.key()), shown(pair.key()), "is not known here; not used");
      }
    }
    servers(json::find(*parsed, kTheirs));
  }

 private:
  void not_json(const std::string& message) {
    int line = 1;
    const std::size_t at = message.find("line ");
    if (at != std::string::npos) {
      line = std::max(1, std::atoi(message.c_str() + at + 5));
    }
    out_.problems.push_back({document_.file, line, "", "is not JSON: " + message});
  }

  void servers(const json::Value* theirs) {
    json::Object ours;
    if (theirs == nullptr || theirs->is_null()) {
      return;
    }
    if (!theirs->is_object()) {
      return problem("/mcpServers", "mcpServers",
                     "expected a map of servers by name, not " + describe(*theirs));
    }
    for (const auto& pair : theirs->get_object()) {
      server(pair.key(), pair.value(), ours);
    }
    document_.value = json::Object{{kOurs, std::move(ours)}};
    out_.source = Source{std::move(document_), &own_file()};
  }

  static const OwnFile& own_file() {
    const auto& files = own_files();
    return *std::find_if(files.begin(), files.end(),
                         [](const OwnFile& own) { return own.key == kOurs; });
  }

  void server(std::string_view name, const json::Value& entry, json::Object& ours) {
    const std::string pointer = "/mcpServers/" + pointer_token(name);
    const std::string key = "mcpServers." + shown(name);
    if (!name_fits(Shape::Names::kServer, name)) {
      return warn(pointer, key, "is left out: expected " + expected_name(Shape::Names::kServer));
    }
    if (!entry.is_object()) {
      return problem(pointer, key, "expected an object, not " + describe(entry));
    }
    json::Object server;
    for (const auto& pair : entry.get_object()) {
      member(pair.key(), pair.value(), {pointer, key}, server);
    }
    if (is_this_gateway(server)) {
      return;
    }
    keep_lines(pointer, "/" + std::string(kOurs) + "/" + pointer_token(name));
    ours[name] = std::move(server);
  }

  void member(std::string_view name, const json::Value& value, const Place& parent,
              json::Object& server) {
    static constexpr std::array<std::string_view, 5> kKnown{"command", "args", "env", "url",
                                                            "headers"};
    const Place here = parent.member(name);
    if (name == "type") {
      const std::string_view type = value.is_string() ? json::view(value.get_string()) : "";
      if (type == "stdio") {
        server["type"] = "local";
      } else if (type == "http" || type == "sse" || type == "streamable-http") {
        server["type"] = "remote";
      } else {
        problem(here.pointer, here.key, "expected one of stdio, http, sse, not " + describe(value));
      }
    } else if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) {
      server[name] = as_ours(value);
    } else {
      warn(here.pointer, here.key, "is not known here; not used");
    }
  }

  void keep_lines(const std::string& theirs, const std::string& ours) {
    for (auto at = lines_.lower_bound(theirs);
         at != lines_.end() && at->first.compare(0, theirs.size(), theirs) == 0; ++at) {
      document_.lines[ours + at->first.substr(theirs.size())] = at->second;
    }
  }

  int line(const std::string& pointer) const {
    const auto found = lines_.find(pointer);
    return found == lines_.end() ? 1 : found->second;
  }
  void problem(const std::string& pointer, const std::string& key, std::string message) {
    out_.problems.push_back({document_.file, line(pointer), key, std::move(message)});
  }
  void warn(const std::string& pointer, const std::string& key, std::string_view message) {
    out_.warnings.push_back(
        fmt::format("{}:{}: {}: {}", document_.file, line(pointer), key, message));
  }

  ForeignServers& out_;
  yaml::Document document_;
  std::map<std::string, int, std::less<>> lines_;
};

json::Object* servers_of(ForeignServers& servers) {
  return servers.source
             ? &servers.source->document.value.get_object().find(kOurs)->value().get_object()
             : nullptr;
}

std::string where(const ForeignServers& servers, const std::string& name) {
  return servers.source->document.where("/" + std::string(kOurs) + "/" + pointer_token(name));
}

/// As both files may write it: there and here, `type` follows from what else is there.
json::Object with_type(json::Object server) {
  if (!server.contains("type")) {
    server["type"] = server.contains("command") ? "local" : "remote";
  }
  return server;
}

bool is_same_server(const json::Value& a, const json::Value& b) {
  return a.is_object() && b.is_object() && with_type(a.get_object()) == with_type(b.get_object());
}

/// Why a server is left out; "" where nobody needs to be told; nothing: it stays.
template <class Why>
void drop(ForeignServers& servers, const Why& why_dropped) {
  json::Object* const all = servers_of(servers);
  if (all == nullptr) {
    return;
  }
  json::Object kept;
  for (const auto& pair : *all) {
    const std::string name(pair.key());
    const std::optional<std::string> why = why_dropped(name, pair.value());
    if (!why) {
      kept[name] = pair.value();
    } else if (!why->empty()) {
      servers.warnings.push_back(
          fmt::format("{}: the server {} is left out: {}", where(servers, name), name, *why));
    }
  }
  *all = std::move(kept);
}

}  // namespace

ForeignServers parse_mcp_json(std::string_view text, const std::string& file) {
  ForeignServers out;
  Reader(out, file).read(text);
  return out;
}

ForeignServers read_mcp_json(const std::string& workspace) {
  const std::string path = workspace + "/.mcp.json";
  ForeignServers out;
  struct stat info{};
  if (workspace.empty() || ::stat(path.c_str(), &info) != 0 || os::is_stand_in(info)) {
    return out;
  }
  if (!S_ISREG(info.st_mode)) {
    out.problems.push_back({path, 0, "", "is not a file"});
    return out;
  }
  const Result<std::string> text = os::read_file(path, kMaxFile);
  if (!text) {
    out.problems.push_back({path, 0, "", text.error().to_string()});
    return out;
  }
  return parse_mcp_json(*text, path);
}

void drop_known(ForeignServers& servers, const std::vector<Source>& own) {
  drop(servers, [&](const auto& name, const auto& entry) -> std::optional<std::string> {
    for (const Source& source : own) {
      const json::Value* const ours = json::find(source.document.value, kOurs);
      const json::Value* const known = ours != nullptr ? json::find(*ours, name) : nullptr;
      if (known != nullptr && is_same_server(*known, entry)) {
        return "";
      }
      if (known != nullptr) {
        const std::string pointer = "/" + std::string(kOurs) + "/" + pointer_token(name);
        return source.document.where(pointer) + " has one of that name, and wins";
      }
    }
    return std::nullopt;
  });
}

void drop_unset(ForeignServers& servers, const Env& env) {
  drop(servers, [&](const std::string&, const json::Value& entry) { return unset_in(entry, env); });
}

}  // namespace oap::config
