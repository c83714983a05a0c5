#include <optional>

#include <fmt/format.h>

#include "cli/commands/mcp_views.hpp"
#include "cli/output.hpp"
#include "gateway/serve/health_report.hpp"
#include "gateway/trust/inspect.hpp"
#include "gateway/trust/pin_report.hpp"
#include "json/print.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using gateway::ListKind;

std::string safe_lines(std::string_view text) {
  return text::escape_visible(text, {.keep_newlines = true});
}

std::string indented(std::string_view text) {
  std::string out;
  for (const std::string_view line : text::split_lines(text)) {
    out += "  " + std::string(line) + "\n";
  }
  return out;
}

std::string section(std::string_view title, std::string_view text) {
  return fmt::format("{}:\n{}", title, indented(safe_lines(text)));
}

json::Array to_json(const std::vector<gateway::Finding>& findings) {
  json::Array out;
  for (const gateway::Finding& finding : findings) {
    out.push_back(gateway::to_json(finding));
  }
  return out;
}

std::string text_of(const std::vector<gateway::Finding>& findings) {
  std::string out;
  for (const gateway::Finding& finding : findings) {
    const bool warning = finding.severity == gateway::Severity::kWarning;
    out += fmt::format("  {} at {}: {}\n", warning ? "warning" : "note",
                       text::escape_visible(finding.path.empty() ? "/" : finding.path),
                       finding.message);
  }
  return out;
}

std::map<std::string, std::string> held_of(const gateway::Catalog& catalog,
                                           const std::string& server) {
  const auto found = catalog.held_back().find(server);
  return found == catalog.held_back().end() ? std::map<std::string, std::string>{} : found->second;
}

json::Value pin_of(platform::Platform& platform, const std::string& server,
                   const std::string& tool) {
  const auto pins = platform.pins().store().read();
  if (!pins) {
    return json::Value(json::Object{{"error", pins.error().to_string()}});
  }
  for (const gateway::PinRow& row : gateway::list_pins(*pins)) {
    if (row.server == server && row.tool == tool) {
      return json::Value(gateway::to_json(row));
    }
  }
  return json::Value(nullptr);
}

Error shown(const platform::Platform& platform, const Error& error) {
  return Error(error.code(), platform.cleaned(error.to_string()), error.audience());
}

using Tools = std::vector<ToolSpec>;

int show_server(platform::Platform& platform, const McpArgs& args, const Tools& all, bool as_json) {
  const gateway::Catalog& catalog = platform.catalog();
  gateway::Upstream* const upstream = *platform.upstreams().find(args.server);
  const mcp::PeerInfo info = upstream->info().value_or(mcp::PeerInfo{});
  const auto held = held_of(catalog, args.server);
  const std::string started_by = platform.pins().source_of(args.server).command;
  const auto findings = gateway::inspect_text(info.instructions, "/instructions");
  json::Array names;
  std::string tools;
  for (const ToolSpec& tool : all) {
    const std::string& name = tool.name;
    names.emplace_back(name);
    tools += fmt::format("{:<32} {}{}\n", text::escape_visible(name),
                         held.contains(name) ? "[held back] " : "", first_line(tool.description));
  }
  gateway::Health health = upstream->health();
  health.reason = platform.cleaned(health.reason);
  json::Object out = gateway::to_json(args.server, health);
  out["started_by"] = started_by;
  out["implementation"] = info.implementation;
  out["capabilities"] = info.capabilities;
  out["instructions"] = info.instructions;
  out["findings"] = to_json(findings);
  out["tools"] = std::move(names);
  out["quarantined"] = missing_json(held);
  if (as_json) {
    print_json(out);
    return 0;
  }
  std::string text = fmt::format("{}: {}\n", args.server, json::get_string(out, "state"));
  if (!started_by.empty()) {
    text += "started by: " + text::escape_visible(started_by) + "\n";
  }
  text +=
      "protocol: " + (info.protocol_version.empty() ? "not told" : info.protocol_version) + "\n";
  text += section("implementation", json::print_pretty(info.implementation));
  text += section("capabilities", json::print_pretty(info.capabilities));
  if (!info.instructions.empty()) {
    text += section("instructions", info.instructions);
  }
  if (!findings.empty()) {
    text += "findings:\n" + text_of(findings);
  }
  print(text + section("tools", tools));
  return 0;
}

int show_tool(platform::Platform& platform, const McpArgs& args, const Tools& all, bool as_json) {
  const gateway::Catalog& catalog = platform.catalog();
  std::vector<std::string> names;
  std::optional<json::Object> definition;
  for (const ToolSpec& tool : all) {
    names.push_back(tool.name);
    if (tool.name == args.name) {
      definition = tool.definition;
    }
  }
  if (!definition) {
    return report(Error(Code::kNotFound, "Unknown tool: " + text::escape_visible(args.name) +
                                             text::did_you_mean(args.name, names)),
                  as_json);
  }
  const auto known = catalog.find_known(args.server, args.name);
  const auto held = held_of(catalog, args.server);
  const auto why = held.find(args.name);
  const auto findings = gateway::inspect_definition(*definition);
  const json::Value pin = pin_of(platform, args.server, args.name);
  const std::string public_name = known && *known != nullptr ? (*known)->public_name() : "";
  if (as_json) {
    json::Object out{{"server", args.server},         {"tool", args.name},
                     {"name", public_name},           {"definition", *definition},
                     {"findings", to_json(findings)}, {"pin", pin},
                     {"held_back", nullptr}};
    if (why != held.end()) {
      out["held_back"] = why->second;
    }
    print_json(out);
    return 0;
  }
  std::string text = fmt::format("{} of {}", text::escape_visible(args.name), args.server);
  text += public_name.empty() ? "\n" : ", called " + text::escape_visible(public_name) + "\n";
  if (why != held.end()) {
    text += "held back: " + text::escape_visible(why->second) + "\n";
  }
  text += section("definition", json::print_pretty(*definition));
  text += section("pin", pin.is_null() ? std::string("none") : json::print_pretty(pin));
  print(text +
        (findings.empty() ? std::string("findings: none\n") : "findings:\n" + text_of(findings)));
  return 0;
}

}  // namespace

Task<int> inspect(platform::Platform& platform, McpArgs args, bool as_json) {
  gateway::Upstream* const upstream = *platform.upstreams().find(args.server);
  const Deadline deadline = deadline_of(args);
  const auto started = co_await upstream->start(deadline);
  if (!started) {
    co_return report(shown(platform, started.error()), as_json);
  }
  const auto tools = co_await upstream->list_tools(deadline);
  if (!tools) {
    co_return report(shown(platform, tools.error()), as_json);
  }
  co_await platform.catalog().load_one(args.server, ListKind::kTools, deadline);
  co_return args.name.empty() ? show_server(platform, args, *tools, as_json)
                              : show_tool(platform, args, *tools, as_json);
}

}  // namespace oap::cli
