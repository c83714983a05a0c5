#include "acp/protocol.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::acp {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxServers = 64;

Result<std::string> text_of(const json::Value& value, std::string_view where) {
  if (!value.is_string()) {
    return fail(Code::kInvalidArgument, "{} must be a string, not {}", where,
                json::type_name(value));
  }
  const std::string_view text = json::view(value.get_string());
  if (text.find('\0') != std::string_view::npos) {
    return fail(Code::kInvalidArgument, "{} holds a NUL", where);
  }
  return std::string(text);
}

/// [{name, value}] as a map.
Result<std::map<std::string, std::string>> pairs_of(const json::Object& server,
                                                    std::string_view key, std::string_view where) {
  std::map<std::string, std::string> out;
  const json::Value* const given = json::find(server, key);
  if (given == nullptr || given->is_null()) {
    return out;
  }
  if (!given->is_array()) {
    return fail(Code::kInvalidArgument, "{}.{} must be an array of name and value", where, key);
  }
  for (const json::Value& item : given->get_array()) {
    const std::string_view name = json::get_string(item, "name");
    const json::Value* const value = json::find(item, "value");
    if (name.empty() || value == nullptr) {
      return fail(Code::kInvalidArgument, "{}.{} must be an array of name and value", where, key);
    }
    OAP_TRY(out[std::string(name)], text_of(*value, fmt::format("{}.{}", where, key)));
  }
  return out;
}

Result<void> read_command(const json::Object& object, std::string_view where,
                          ClientServer& server) {
  OAP_TRY(std::string program, required_text(object, "command"));
  server.command = {std::move(program)};
  if (const json::Value* args = json::find(object, "args"); args != nullptr && !args->is_null()) {
    if (!args->is_array()) {
      return fail(Code::kInvalidArgument, "{}.args must be an array of strings", where);
    }
    for (const json::Value& arg : args->get_array()) {
      OAP_TRY(std::string word, text_of(arg, fmt::format("{}.args", where)));
      server.command.push_back(std::move(word));
    }
  }
  OAP_TRY(server.env, pairs_of(object, "env", where));
  return {};
}

Result<ClientServer> read_server(const json::Value& value, std::size_t index) {
  const std::string where = fmt::format("mcpServers[{}]", index);
  if (!value.is_object()) {
    return fail(Code::kInvalidArgument, "{} must be an object", where);
  }
  const json::Object& object = value.get_object();
  ClientServer server;
  OAP_TRY(server.name, required_text(object, "name"));
  const std::string_view type = json::get_string(object, "type", "stdio");
  if (type == "stdio") {
    OAP_CHECK_OK(read_command(object, where, server));
  } else if (type == "http") {
    OAP_TRY(server.url, required_text(object, "url"));
    OAP_TRY(server.headers, pairs_of(object, "headers", where));
  } else {
    return fail(Code::kInvalidArgument,
                "{} ({}) has the transport \"{}\"; this agent offers stdio and http", where,
                text::escape_visible(server.name), text::escape_visible(type));
  }
  return server;
}

/// Marks around a text that the text itself does not hold.
std::string embedded(std::string_view uri, std::string_view text) {
  std::string tag = "context";
  for (int i = 2; text::contains(text, "</" + tag + ">"); ++i) {
    tag = fmt::format("context-{}", i);
  }
  return fmt::format("\n<{} ref=\"{}\">\n{}{}</{}>\n", tag, text::escape_markup(uri), text,
                     text.ends_with('\n') ? "" : "\n", tag);
}

std::string place_of(std::string_view uri, std::string_view cwd) {
  constexpr std::string_view kFile = "file://";
  if (!uri.starts_with(kFile)) {
    return std::string(uri);
  }
  std::string_view path = uri.substr(kFile.size());
  if (path.starts_with(cwd) && path.size() > cwd.size() && path[cwd.size()] == '/') {
    path.remove_prefix(cwd.size() + 1);
  }
  return std::string(path);
}

struct PromptParts {
  std::string text;
  std::string context;
};

Result<void> add_resource(const json::Object& block, PromptParts& parts) {
  const json::Object* const resource = json::find_object(block, "resource");
  const json::Value* const text = resource != nullptr ? json::find(*resource, "text") : nullptr;
  if (text == nullptr || !text->is_string()) {
    return fail(Code::kInvalidArgument,
                "the prompt embeds a resource that is no text; this agent takes texts only");
  }
  const std::string_view uri = json::get_string(*resource, "uri");
  parts.text += fmt::format("[{}]", text::escape_visible(uri));
  parts.context += embedded(uri, json::view(text->get_string()));
  return {};
}

Result<void> add_block(const json::Value& value, std::string_view cwd, PromptParts& parts) {
  if (!value.is_object()) {
    return fail(Code::kInvalidArgument, "a content block of the prompt is no object");
  }
  const json::Object& block = value.get_object();
  const std::string_view type = json::get_string(block, "type");
  if (type == "text") {
    const json::Value* const text = json::find(block, "text");
    if (text == nullptr || !text->is_string()) {
      return fail(Code::kInvalidArgument, "a text block of the prompt has no text");
    }
    parts.text += json::view(text->get_string());
    return {};
  }
  if (type == "resource_link") {
    OAP_TRY(const std::string uri, required_text(block, "uri"));
    const std::string_view name = json::get_string(block, "name", uri);
    parts.text += fmt::format("[{}]({})", text::escape_visible(name),
                              text::escape_visible(place_of(uri, cwd)));
    return {};
  }
  if (type == "resource") {
    return add_resource(block, parts);
  }
  return fail(Code::kInvalidArgument,
              "the prompt holds a content block of type \"{}\"; this agent takes text, "
              "resource_link and resource (see promptCapabilities)",
              text::escape_visible(type));
}

json::Array choices_json(const std::vector<Choice>& choices, const char* key) {
  json::Array out;
  for (const Choice& choice : choices) {
    json::Object item{{key, choice.value}, {"name", choice.name}};
    if (!choice.description.empty()) {
      item["description"] = choice.description;
    }
    out.push_back(std::move(item));
  }
  return out;
}

json::Object select_json(std::string_view id, std::string_view name, std::string_view category,
                         std::string_view current, const std::vector<Choice>& choices) {
  json::Object out{{"id", id},
                   {"name", name},
                   {"type", "select"},
                   {"currentValue", current},
                   {"options", choices_json(choices, "value")}};
  if (!category.empty()) {
    out["category"] = category;
  }
  return out;
}

std::vector<Choice> model_choices(const std::vector<std::string>& models) {
  std::vector<Choice> out;
  for (const std::string& model : models) {
    out.push_back({model, model, model == "offline" ? "No model: plain orders only" : ""});
  }
  return out;
}

}  // namespace

Result<std::string> required_text(const json::Object& params, std::string_view key) {
  const json::Value* const value = json::find(params, key);
  if (value == nullptr) {
    return fail(Code::kInvalidArgument, "{} is missing", key);
  }
  OAP_TRY(std::string text, text_of(*value, key));
  if (text.empty() || text.size() > kMaxText) {
    return fail(Code::kInvalidArgument, "{} must have 1 to {} bytes", key, kMaxText);
  }
  return text;
}

Result<Client> parse_initialize(const json::Object& params) {
  const json::Value* const version = json::find(params, "protocolVersion");
  if (version == nullptr || !version->is_number() ||
      json::get_int(params, "protocolVersion", -1) < 0) {
    return fail(Code::kInvalidArgument,
                "protocolVersion must be a whole number; this agent speaks version {}",
                kProtocolVersion);
  }
  Client client;
  if (const json::Object* info = json::find_object(params, "clientInfo")) {
    client.name = json::get_string(*info, "name");
    client.version = json::get_string(*info, "version");
  }
  if (const json::Object* can = json::find_object(params, "clientCapabilities")) {
    if (const json::Object* files = json::find_object(*can, "fs")) {
      client.reads_files = json::get_bool(*files, "readTextFile");
      client.writes_files = json::get_bool(*files, "writeTextFile");
    }
    if (const json::Object* session = json::find_object(*can, "session")) {
      client.shows_notices = json::find_object(*session, "notices") != nullptr;
    }
  }
  return client;
}

json::Object initialize_result() {
  const json::Object yes;
  return json::Object{
      {"protocolVersion", kProtocolVersion},
      {"agentCapabilities",
       json::Object{
           {"loadSession", true},
           {"promptCapabilities",
            json::Object{{"image", false}, {"audio", false}, {"embeddedContext", true}}},
           {"mcpCapabilities", json::Object{{"http", true}, {"sse", false}}},
           {"sessionCapabilities",
            json::Object{
                {"list", yes}, {"delete", yes}, {"resume", yes}, {"close", yes}, {"fork", yes}}}}},
      {"authMethods", json::Array{}},
      {"agentInfo", json::Object{{"name", "oap"},
                                 {"title", "OpenCode Universal Agent Platform"},
                                 {"version", OAP_VERSION}}}};
}

Result<SessionParams> parse_session(const json::Object& params, bool needs_id) {
  SessionParams out;
  if (needs_id) {
    OAP_TRY(out.id, required_text(params, "sessionId"));
  }
  OAP_TRY(out.cwd, required_text(params, "cwd"));
  if (!out.cwd.starts_with('/')) {
    return fail(Code::kInvalidArgument, "cwd must be an absolute path, not {}",
                text::escape_visible(out.cwd));
  }
  if (const json::Array* more = json::find_array(params, "additionalDirectories");
      more != nullptr && !more->empty()) {
    return fail(Code::kInvalidArgument,
                "additionalDirectories is not offered by this agent: one folder a session");
  }
  const json::Value* const servers = json::find(params, "mcpServers");
  if (servers == nullptr || servers->is_null()) {
    return out;
  }
  if (!servers->is_array() || servers->get_array().size() > kMaxServers) {
    return fail(Code::kInvalidArgument, "mcpServers must be an array of at most {} servers",
                kMaxServers);
  }
  for (const json::Value& server : servers->get_array()) {
    OAP_TRY(ClientServer read, read_server(server, out.servers.size()));
    out.servers.push_back(std::move(read));
  }
  return out;
}

Result<std::string> prompt_text(const json::Object& params, std::string_view cwd) {
  const json::Array* const blocks = json::find_array(params, "prompt");
  if (blocks == nullptr) {
    return fail(Code::kInvalidArgument, "prompt must be an array of content blocks");
  }
  PromptParts parts;
  for (const json::Value& block : *blocks) {
    OAP_CHECK_OK(add_block(block, cwd, parts));
  }
  if (text::trim(parts.text).empty()) {
    return fail(Code::kInvalidArgument, "the prompt says nothing");
  }
  return parts.text + parts.context;
}

const std::vector<Choice>& Modes::all() {
  static const std::vector<Choice> kAll = {
      {std::string(kAsk), "Ask", "Asks before a call that no rule allows"},
      {std::string(kEdits), "Accept edits",
       "Changes files of the workspace without asking; asks for the rest"},
      {std::string(kApprove), "Approve all",
       "Approves what rules would ask about; what they deny stays denied"}};
  return kAll;
}

const std::vector<Choice>& Paths::all() {
  static const std::vector<Choice> kAll = {
      {std::string(kRouter), "Automatic", "The router decides"},
      {std::string(kFast), "One agent", "One agent's turns, no plan"},
      {std::string(kAgents), "Plan and review", "Plan, carry out, review"}};
  return kAll;
}

json::Object modes_json(const Chosen& chosen) {
  return json::Object{{"currentModeId", chosen.mode},
                      {"availableModes", choices_json(Modes::all(), "id")}};
}

json::Array options_json(const Chosen& chosen, const std::vector<std::string>& models) {
  return json::Array{select_json("mode", "Approvals", "mode", chosen.mode, Modes::all()),
                     select_json("model", "Model", "model", chosen.model, model_choices(models)),
                     select_json("path", "Way of working", "", chosen.path, Paths::all())};
}

Result<void> choose(Chosen& chosen, const std::vector<std::string>& models, std::string_view option,
                    std::string_view value) {
  std::string* target = nullptr;
  std::vector<Choice> choices;
  if (option == "mode") {
    target = &chosen.mode;
    choices = Modes::all();
  } else if (option == "model") {
    target = &chosen.model;
    choices = model_choices(models);
  } else if (option == "path") {
    target = &chosen.path;
    choices = Paths::all();
  } else {
    return fail(Code::kInvalidArgument, "there is no option \"{}\"; there are mode, model, path",
                text::escape_visible(option));
  }
  std::vector<std::string> names;
  for (const Choice& choice : choices) {
    if (choice.value == value) {
      *target = choice.value;
      return {};
    }
    names.push_back(choice.value);
  }
  return fail(Code::kInvalidArgument, "{} cannot be \"{}\"; there are {}", option,
              text::escape_visible(value), text::join(names, ", "));
}

}  // namespace oap::acp
