#include "gateway/trust/pins.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/utf8.hpp"

namespace oap::gateway {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr json::ParseOptions kFileLimits{.max_depth = 160, .max_bytes = 64U << 20U};

json::Value string_of(std::string_view text) { return json::Value(json::String(text)); }

json::Object to_json(const ServerSource& source) {
  return {{"digest", string_of(source.digest)}, {"command", string_of(source.command)}};
}

json::Object to_json(const PinnedTool& tool) {
  return {{"hash", string_of(tool.hash)},
          {"source", string_of(tool.source)},
          {"first_seen", string_of(tool.first_seen)},
          {"approved_by", string_of(tool.approved_by)},
          {"approved_at", string_of(tool.approved_at)},
          {"definition", tool.definition}};
}

json::Object to_json(const PendingTool& tool) {
  return {{"hash", string_of(tool.hash)},
          {"source", string_of(tool.source)},
          {"seen_at", string_of(tool.seen_at)},
          {"definition", tool.definition}};
}

json::Object to_json(const PinnedServer& server) {
  json::Object tools;
  for (const auto& [name, tool] : server.tools) {
    tools[name] = to_json(tool);
  }
  json::Object pending;
  for (const auto& [name, tool] : server.pending) {
    pending[name] = to_json(tool);
  }
  return {{"approved", to_json(server.approved)},
          {"seen", to_json(server.seen)},
          {"first_seen", string_of(server.first_seen)},
          {"tools", std::move(tools)},
          {"pending", std::move(pending)}};
}

/// Takes exactly the members that are asked for; the first thing amiss is kept.
class Reader {
 public:
  Reader(const json::Value& value, std::string where) : where_(std::move(where)) {
    object_ = value.if_object();
    if (object_ == nullptr) {
      amiss("is no object");
    }
  }

  std::string text(std::string_view key) {
    const json::Value* const value = member(key);
    const json::String* const string = value == nullptr ? nullptr : value->if_string();
    if (value != nullptr && string == nullptr) {
      amiss(fmt::format("has a member '{}' that is no string", key));
    }
    return string == nullptr ? std::string() : std::string(json::view(*string));
  }

  std::string hash(std::string_view key) {
    std::string digits = text(key);
    if (digits.size() != 64 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
      amiss(fmt::format("has a member '{}' that is no SHA-256", key));
    }
    return digits;
  }

  const json::Object& object(std::string_view key) {
    static const json::Object empty;
    const json::Value* const value = member(key);
    if (value != nullptr && !value->is_object()) {
      amiss(fmt::format("has a member '{}' that is no object", key));
      return empty;
    }
    return value == nullptr ? empty : value->get_object();
  }

  Result<void> done() {
    if (object_ != nullptr && object_->size() != taken_) {
      amiss("has members that do not belong there");
    }
    if (!fault_.empty()) {
      return fail(Code::kDataLoss, "{} {}", where_, fault_);
    }
    return {};
  }

 private:
  const json::Value* member(std::string_view key) {
    const json::Value* const value = object_ == nullptr ? nullptr : json::find(*object_, key);
    if (value == nullptr) {
      amiss(fmt::format("has no member '{}'", key));
    } else {
      ++taken_;
    }
    return value;
  }

  void amiss(std::string what) {
    if (fault_.empty()) {
      fault_ = std::move(what);
    }
  }

  std::string where_;
  const json::Object* object_ = nullptr;
  std::size_t taken_ = 0;
  std::string fault_;
};

Result<ServerSource> read_source(const json::Object& value, const std::string& where) {
  const json::Value whole(value);
  Reader reader(whole, where);
  ServerSource source{reader.text("digest"), reader.text("command")};
  OAP_CHECK_OK(reader.done());
  return source;
}

Result<PinnedTool> read_tool(const json::Value& value, const std::string& where) {
  Reader reader(value, where);
  PinnedTool tool;
  tool.hash = reader.hash("hash");
  tool.source = reader.text("source");
  tool.first_seen = reader.text("first_seen");
  tool.approved_by = reader.text("approved_by");
  tool.approved_at = reader.text("approved_at");
  tool.definition = reader.object("definition");
  OAP_CHECK_OK(reader.done());
  return tool;
}

Result<PendingTool> read_pending(const json::Value& value, const std::string& where) {
  Reader reader(value, where);
  PendingTool tool;
  tool.hash = reader.hash("hash");
  tool.source = reader.text("source");
  tool.seen_at = reader.text("seen_at");
  tool.definition = reader.object("definition");
  OAP_CHECK_OK(reader.done());
  return tool;
}

Result<PinnedServer> read_server(const json::Value& value, const std::string& where) {
  Reader reader(value, where);
  PinnedServer server;
  const json::Object& approved = reader.object("approved");
  const json::Object& seen = reader.object("seen");
  server.first_seen = reader.text("first_seen");
  const json::Object& tools = reader.object("tools");
  const json::Object& pending = reader.object("pending");
  OAP_CHECK_OK(reader.done());
  OAP_TRY(server.approved, read_source(approved, where + ", 'approved',"));
  OAP_TRY(server.seen, read_source(seen, where + ", 'seen',"));
  const auto named = [&](std::string_view name) {
    return fmt::format("tool {} of {}", text::escape_visible(name), where);
  };
  for (const auto& member : tools) {
    OAP_TRY(PinnedTool tool, read_tool(member.value(), named(member.key())));
    server.tools.emplace(member.key(), std::move(tool));
  }
  for (const auto& member : pending) {
    OAP_TRY(PendingTool tool, read_pending(member.value(), named(member.key())));
    server.pending.emplace(member.key(), std::move(tool));
  }
  return server;
}

}  // namespace

Result<Pins> parse_pins(std::string_view text) {
  const Result<json::Object> parsed = json::parse_object(text, kFileLimits);
  if (!parsed) {
    return fail(Code::kDataLoss, "{}", parsed.error().message());
  }
  const json::Value* const version = json::find(*parsed, "version");
  if (version == nullptr || !version->is_int64()) {
    return fail(Code::kDataLoss, "it has no version");
  }
  if (version->get_int64() > kVersion) {
    return fail(Code::kFailedPrecondition, "it was written by a newer version of this program");
  }
  const json::Object* const servers = json::find_object(*parsed, "servers");
  if (version->get_int64() != kVersion || servers == nullptr || parsed->size() != 2) {
    return fail(Code::kDataLoss, "it does not have exactly the members 'version' and 'servers'");
  }
  Pins pins;
  for (const auto& member : *servers) {
    const std::string where = fmt::format("server {}", text::escape_visible(member.key()));
    OAP_TRY(PinnedServer server, read_server(member.value(), where));
    pins.servers.emplace(member.key(), std::move(server));
  }
  return pins;
}

std::string print_pins(const Pins& pins) {
  json::Object servers;
  for (const auto& [name, server] : pins.servers) {
    servers[name] = to_json(server);
  }
  const json::Object file{{"version", kVersion}, {"servers", std::move(servers)}};
  return json::print(json::Value(file)) + "\n";
}

}  // namespace oap::gateway
