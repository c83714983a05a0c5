#include <fmt/format.h>

#include "cli/commands/mcp_views.hpp"
#include "cli/output.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {

using gateway::ListKind;

Deadline deadline_of(const McpArgs& args) {
  return Deadline::after(Millis(static_cast<Millis::rep>(args.timeout * 1000)));
}

std::string first_line(std::string_view text) {
  return text::escape_visible(text::trim(text.substr(0, text.find('\n'))));
}

int tell_missing(const std::map<std::string, std::string>& missing, const std::string& asked) {
  int code = 0;
  for (const auto& [name, why] : missing) {
    if (asked.empty() || asked == name) {
      print_error(name + ": " + text::escape_visible(why));
    }
    code = asked == name ? exit_code(Code::kUnavailable) : code;
  }
  return code;
}

json::Object missing_json(const std::map<std::string, std::string>& missing) {
  json::Object out;
  for (const auto& [name, why] : missing) {
    out[name] = why;
  }
  return out;
}

namespace {

/// Of one server alone, where one is named: nobody waits for the others.
Task<void> load(gateway::Catalog& catalog, std::string server, ListKind kind, Deadline deadline) {
  if (server.empty()) {
    co_await catalog.load_all(kind, deadline);
  } else {
    co_await catalog.load_one(std::move(server), kind, deadline);
  }
}

std::map<std::string, std::string> missing_of(platform::Platform& platform) {
  std::map<std::string, std::string> missing = platform.catalog().unavailable();
  for (auto& [server, why] : missing) {
    why = platform.cleaned(why);
  }
  return missing;
}

}  // namespace

Task<int> list_tools(platform::Platform& platform, McpArgs args, bool as_json) {
  const Deadline deadline = deadline_of(args);
  co_await load(platform.catalog(), args.server, ListKind::kTools, deadline);
  const auto tools = platform.catalog().known_tools();
  json::Array list;
  std::string text;
  for (const ToolSpec& tool : tools) {
    if (!args.server.empty() && tool.server != args.server) {
      continue;
    }
    list.push_back(json::Object{{"name", tool.public_name()},
                                {"server", tool.server},
                                {"tool", tool.name},
                                {"description", tool.description},
                                {"input_schema", tool.input_schema}});
    text += fmt::format("{:<32} {}\n", text::escape_visible(tool.public_name()),
                        first_line(tool.description));
  }
  json::Object quarantined;
  for (const auto& [server, held] : platform.catalog().held_back()) {
    if (!held.empty() && (args.server.empty() || args.server == server)) {
      quarantined[server] = missing_json(held);
      print_error(fmt::format(
          "{}: {} held back; see: oap mcp trust diff {}", server,
          held.size() == 1 ? "1 tool is" : fmt::format("{} tools are", held.size()), server));
    }
  }
  const auto missing = missing_of(platform);
  const int code = tell_missing(missing, args.server);
  if (as_json) {
    print_json(json::Object{{"tools", std::move(list)},
                            {"quarantined", std::move(quarantined)},
                            {"unavailable", missing_json(missing)}});
  } else {
    print(text);
  }
  co_return code;
}

namespace {

/// One kind of list as rows of text and JSON: the definitions as the servers gave them.
struct Listed {
  json::Array items;
  std::string text;
};

void add(Listed& out, const gateway::Catalog::Item& item, std::string_view key) {
  json::Object object{{"server", item.server}};
  for (const auto& member : item.definition) {
    object[member.key()] = member.value();
  }
  out.items.push_back(std::move(object));
  const std::string_view title =
      json::get_string(item.definition, "title", json::get_string(item.definition, "description"));
  const std::string_view name =
      title.empty() && key != "name" ? json::get_string(item.definition, "name") : title;
  out.text +=
      fmt::format("{:<16} {:<40} {}\n", item.server,
                  text::escape_visible(json::get_string(item.definition, key)), first_line(name));
}

Task<Listed> listed(gateway::Catalog& catalog, ListKind kind, std::string server,
                    std::string_view key, Deadline deadline) {
  Listed out;
  co_await load(catalog, server, kind, deadline);
  const std::vector<gateway::Catalog::Item> items = catalog.known_items(kind);
  for (const gateway::Catalog::Item& item : items) {
    if (server.empty() || item.server == server) {
      add(out, item, key);
    }
  }
  co_return out;
}

}  // namespace

Task<int> list_resources(platform::Platform& platform, McpArgs args, bool as_json) {
  gateway::Catalog& catalog = platform.catalog();
  const Deadline deadline = deadline_of(args);
  Listed resources = co_await listed(catalog, ListKind::kResources, args.server, "uri", deadline);
  Listed templates =
      co_await listed(catalog, ListKind::kTemplates, args.server, "uriTemplate", deadline);
  const auto missing = missing_of(platform);
  const int code = tell_missing(missing, args.server);
  if (as_json) {
    print_json(json::Object{{"resources", std::move(resources.items)},
                            {"templates", std::move(templates.items)},
                            {"unavailable", missing_json(missing)}});
  } else {
    print(resources.text + templates.text);
  }
  co_return code;
}

Task<int> list_prompts(platform::Platform& platform, McpArgs args, bool as_json) {
  gateway::Catalog& catalog = platform.catalog();
  const Deadline deadline = deadline_of(args);
  Listed prompts = co_await listed(catalog, ListKind::kPrompts, args.server, "name", deadline);
  const auto missing = missing_of(platform);
  const int code = tell_missing(missing, args.server);
  if (as_json) {
    print_json(json::Object{{"prompts", std::move(prompts.items)},
                            {"unavailable", missing_json(missing)}});
  } else {
    print(prompts.text);
  }
  co_return code;
}

}  // namespace oap::cli
