#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "async/scope.hpp"
#include "cli/commands/mcp_views.hpp"
#include "cli/output.hpp"
#include "gateway/serve/health_report.hpp"
#include "mcp/era.hpp"
#include "platform/credentials.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

using gateway::Health;
using gateway::ListKind;

constexpr std::array kLists{ListKind::kTools, ListKind::kPrompts, ListKind::kResources,
                            ListKind::kTemplates};

/// What one server came to.
struct Row {
  std::string name;
  std::string error;    ///< why it has no tools to show
  std::string sign_in;  ///< "signed_in", "expired", "not_signed_in"; empty where it takes none
  std::string sign_in_error;
  std::vector<std::string> warnings;  ///< what is wrong with what it lists
};

bool takes_sign_in(const platform::Settings& settings, const std::string& name) {
  const auto found = settings.config.mcp_servers.find(name);
  return found != settings.config.mcp_servers.end() &&
         found->second.type == config::ServerType::kRemote &&
         found->second.auth.type == config::AuthType::kOauth;
}

Task<void> look_at(platform::Platform& platform, gateway::Upstream* upstream, Deadline deadline,
                   Row* row) {
  if (takes_sign_in(platform.settings(), row->name)) {
    const auto status =
        co_await platform::sign_in_status(platform.settings(), row->name, platform.http());
    if (!status) {
      row->sign_in_error = status.error().to_string();
    } else if (!status->has_token) {
      row->sign_in = "not_signed_in";
    } else {
      const bool past = status->expires_at && *status->expires_at < system_clock().wall();
      row->sign_in = past && !status->can_renew ? "expired" : "signed_in";
    }
  }
  if (const auto started = co_await upstream->start(deadline); !started) {
    row->error = platform.cleaned(started.error().to_string());
    co_return;
  }
  gateway::Catalog& catalog = platform.catalog();
  for (const ListKind kind : kLists) {
    co_await catalog.load_one(row->name, kind, deadline);
  }
  row->error = platform.cleaned(catalog.why_missing(row->name, ListKind::kTools));
  row->warnings = catalog.problems_of(row->name);
}

std::string era_of(const std::string& version) {
  return version.empty() ? "" : version < mcp::kModernVersion ? "legacy" : "modern";
}

/// "ready" where it answered although it has no state of its own to tell.
std::string state_of(const Row& row, const Health& health) {
  const bool answered = row.error.empty() && health.state == Health::State::kIdle;
  return std::string(answered ? "ready" : gateway::to_string(health.state));
}

json::Object json_of(const Row& row, const Health& health, std::size_t tools,
                     const std::map<std::string, std::string>& held) {
  json::Object item = gateway::to_json(row.name, health);
  item["state"] = state_of(row, health);
  item["ok"] = row.error.empty();
  if (!row.error.empty()) {
    item["error"] = row.error;
  }
  if (const std::string era = era_of(health.protocol_version); !era.empty()) {
    item["era"] = era;
  }
  item["tools"] = tools;
  json::Object quarantined;
  for (const auto& [tool, why] : held) {
    quarantined[tool] = why;
  }
  item["quarantined"] = std::move(quarantined);
  item["warnings"] = json::Array(row.warnings.begin(), row.warnings.end());
  if (!row.sign_in.empty()) {
    item["sign_in"] = row.sign_in;
  }
  if (!row.sign_in_error.empty()) {
    item["sign_in_error"] = row.sign_in_error;
  }
  return item;
}

std::string text_of(const Row& row, const Health& health, std::size_t tools, std::size_t held) {
  std::string line = fmt::format("{:<20} {:<11}", row.name, state_of(row, health));
  if (row.error.empty()) {
    line += fmt::format(" {} {} ({})", tools, tools == 1 ? "tool" : "tools",
                        health.protocol_version.empty()
                            ? std::string("version not told")
                            : health.protocol_version + ", " + era_of(health.protocol_version));
  } else {
    line += " " + text::escape_visible(row.error);
  }
  line += "\n";
  const std::string space(33, ' ');
  if (held > 0) {
    line += fmt::format("{}{} held back; see: oap mcp trust diff {}\n", space, held, row.name);
  }
  for (const std::string& warning : row.warnings) {
    line += space + text::escape_visible(warning) + "\n";
  }
  if (row.sign_in == "not_signed_in" || row.sign_in == "expired") {
    line += fmt::format("{}{}; run: oap mcp login {}\n", space,
                        row.sign_in == "expired" ? "the sign-in has expired" : "not signed in",
                        row.name);
  } else if (row.sign_in == "signed_in") {
    line += space + "signed in\n";
  }
  if (!row.sign_in_error.empty()) {
    line += fmt::format("{}sign-in: {}\n", space, text::escape_visible(row.sign_in_error));
  }
  return line;
}

}  // namespace

Task<int> list_servers(platform::Platform& platform, Executor executor, McpArgs args,
                       bool as_json) {
  const Deadline deadline = deadline_of(args);
  const std::vector<gateway::Upstream*> upstreams = platform.upstreams().all();
  std::vector<Row> rows(upstreams.size());
  async::Scope scope(executor);
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    rows[i].name = upstreams[i]->name();
    scope.spawn(look_at(platform, upstreams[i], deadline, &rows[i]));
  }
  co_await scope.join();
  gateway::Catalog& catalog = platform.catalog();
  std::map<std::string, std::size_t> counts;
  for (const gateway::Catalog::Item& item : catalog.known_items(ListKind::kTools)) {
    ++counts[item.server];
  }
  counts[std::string(kBuiltinServer)] = catalog.builtin().size();
  json::Array servers;
  std::string text;
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    const Row& row = rows[i];
    const auto found = catalog.held_back().find(row.name);
    const auto held =
        found == catalog.held_back().end() ? std::map<std::string, std::string>{} : found->second;
    const std::size_t listed = counts[row.name];
    const std::size_t usable = listed - std::min(listed, held.size());
    Health health = upstreams[i]->health();
    health.reason = platform.cleaned(health.reason);
    servers.push_back(json_of(row, health, usable, held));
    text += text_of(row, health, usable, held.size());
  }
  if (as_json) {
    const std::vector<std::string> names = catalog.name_problems();
    print_json(json::Object{{"servers", std::move(servers)},
                            {"warnings", json::Array(names.begin(), names.end())}});
  } else {
    print(text);
    for (const std::string& problem : catalog.name_problems()) {
      print_error(text::escape_visible(problem));
    }
  }
  co_return 0;
}

}  // namespace oap::cli
