#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/output.hpp"
#include "config/edit_servers.hpp"
#include "config/expand.hpp"
#include "config/load.hpp"
#include "config/trust.hpp"
#include "platform/hook_programs.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"

namespace oap::cli {
namespace {

constexpr std::size_t kLeastSecret = 8;

Result<config::Paths> paths_of(const Common& common) {
  config::PathOptions where;
  if (!common.workspace.empty()) {
    where.workspace = common.workspace;
  }
  return config::resolve_paths(where);
}

/// A folder with its trust, before or after the change.
config::Config state_of(const config::Paths& paths) {
  config::LoadOptions load;
  load.paths = paths;
  programs::HookSet hooks;
  load.commands = [&](bool reads_others) {
    return platform::hook_commands(paths, reads_others, hooks);
  };
  return config::load_all(load).config;
}

bool may_be_secret(std::string_view name) {
  const std::string lower = text::lower_ascii(name);
  for (const std::string_view word : {"key", "token", "secret", "password", "auth", "cookie"}) {
    if (text::contains(lower, word)) {
      return true;
    }
  }
  return false;
}

Result<json::Object> pairs(const std::vector<std::string>& given, char separator,
                           std::string_view option, std::vector<std::string>& warnings) {
  json::Object out;
  for (const std::string& each : given) {
    const std::size_t at = each.find(separator);
    const std::string name(text::trim(each.substr(0, at)));
    if (at == std::string::npos || name.empty()) {
      return fail(Code::kUsage, "{} takes NAME{}VALUE", option,
                  separator == ':' ? ": " : std::string(1, separator));
    }
    std::string value = each.substr(at + 1);
    if (separator == ':') {
      value = text::trim(value);
    }
    if (may_be_secret(name) && value.size() >= kLeastSecret && !config::has_variables(value)) {
      warnings.push_back(fmt::format(
          "the value of {0} is written into the file as it is; if it is a secret, write "
          "'${{{1}}}' and set that variable",
          text::escape_visible(name), separator == ':' ? "VARIABLE" : name));
    }
    out[name] = value;
  }
  return out;
}

Result<json::Object> entry_of(const McpEditArgs& args, std::vector<std::string>& warnings) {
  if (args.url.empty() == args.command.empty()) {
    return fail(Code::kUsage, "say either --url URL or -- COMMAND ARGS...");
  }
  json::Object entry;
  if (!args.url.empty()) {
    entry["url"] = args.url;
  } else {
    json::Array command;
    for (const std::string& word : args.command) {
      command.emplace_back(word);
    }
    entry["command"] = std::move(command);
  }
  if (!args.env.empty() && args.command.empty()) {
    return fail(Code::kUsage, "--env is for programs; a remote server takes --header");
  }
  if (!args.headers.empty() && args.url.empty()) {
    return fail(Code::kUsage, "--header is for remote servers; a program takes --env");
  }
  OAP_TRY(json::Object env, pairs(args.env, '=', "--env", warnings));
  OAP_TRY(json::Object headers, pairs(args.headers, ':', "--header", warnings));
  if (!env.empty()) {
    entry["env"] = std::move(env);
  }
  if (!headers.empty()) {
    entry["headers"] = std::move(headers);
  }
  if (!args.naming.empty()) {
    entry["naming"] = args.naming;
  }
  if (args.no_auto_start) {
    entry["auto_start"] = false;
  }
  return entry;
}

struct Edited {
  std::string file;
  std::vector<std::string> warnings;
};

Result<Edited> add(const McpEditArgs& args, const config::Paths& paths, const std::string& dir) {
  Edited out;
  OAP_TRY(const json::Object entry, entry_of(args, out.warnings));
  OAP_CHECK_OK(config::check_server_entry(args.name, entry, paths, config::process_env()));
  OAP_TRY(const config::ServersFile file, config::find_servers_file(dir));
  OAP_TRY(const std::string text, config::with_server(file.text, file.path, args.name, entry));
  OAP_CHECK_OK(config::write_servers_file(file, text, args.user ? 0600 : 0644));
  out.file = file.path;
  return out;
}

/// Where else the server stands, for whoever looked in the wrong place.
std::string elsewhere(const McpEditArgs& args, const config::Paths& paths) {
  const std::string& other = args.user ? paths.project_dir : paths.user_dir;
  if (const auto where = config::where_is_server(other, args.name)) {
    return fmt::format("; it is in {}: give {}", *where, args.user ? "--project" : "--user");
  }
  const config::Config config = state_of(paths);
  for (const auto& [name, command] : config.commands) {
    if (name == "server " + args.name) {
      return "; it is in " + paths.workspace +
             "/.mcp.json, which is another program's: edit it there";
    }
  }
  return "";
}

Result<Edited> remove(const McpEditArgs& args, const config::Paths& paths, const std::string& dir) {
  OAP_TRY(const config::ServersFile file, config::find_servers_file(dir));
  auto text = config::without_server(file.text, file.path, args.name);
  if (!text) {
    if (text.error().code() == Code::kNotFound) {
      return fail(Code::kNotFound, "{}{}", text.error().message(), elsewhere(args, paths));
    }
    return fail(text.error());
  }
  OAP_CHECK_OK(config::write_servers_file(file, *text, 0644));
  return Edited{file.path, {}};
}

/// A folder that was trusted stays so where nothing but this server has changed: the person has
/// just typed it. Gives whether it is trusted now.
Result<bool> keep_trust(const config::Config& before, const config::Paths& paths,
                        const std::string& name) {
  const config::Config now = state_of(paths);
  const std::vector<std::string> mine{"server " + name};
  if (before.trusted && (now.changed.empty() || now.changed == mine)) {
    OAP_CHECK_OK(config::record_trust(paths, now.digests));
    return true;
  }
  return now.trusted;
}

}  // namespace

int mcp_edit_command(const Common& common, const McpEditArgs& args) {
  const auto paths = paths_of(common);
  if (!paths) {
    return report(paths.error(), common.json);
  }
  const config::Config before = state_of(*paths);
  const std::string& dir = args.user ? paths->user_dir : paths->project_dir;
  const auto edited = args.remove ? remove(args, *paths, dir) : add(args, *paths, dir);
  if (!edited) {
    return report(edited.error(), common.json);
  }
  bool trusted = true;
  if (!args.user) {
    const auto kept = keep_trust(before, *paths, args.name);
    if (!kept) {
      print_error("the trust in this folder could not be recorded: " + kept.error().to_string());
    }
    trusted = kept.value_or(false);
  }
  for (const std::string& warning : edited->warnings) {
    print_error("warning: " + warning);
  }
  if (common.json) {
    print_json(json::Object{
        {"success", true}, {"server", args.name}, {"file", edited->file}, {"trusted", trusted}});
    return 0;
  }
  print(fmt::format("{}: {} {}\n", edited->file, args.remove ? "removed" : "added", args.name));
  if (!args.remove && !trusted) {
    print_error("this folder is not trusted, so the server is not used yet; run: oap trust");
  }
  return 0;
}

}  // namespace oap::cli
