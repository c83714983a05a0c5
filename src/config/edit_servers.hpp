#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/paths.hpp"
#include "json/value.hpp"

namespace oap::config {

// Edits `mcp_servers` of a YAML file as text: comments, order and everything else stay as they are.
// The outcome is parsed again and must be the old value with exactly the entry more or less;
// otherwise kFailedPrecondition that says to edit the file by hand.

/// The file's text with the entry behind the last one. kAlreadyExists where the name is there;
/// kConfiguration where the text is no YAML. Pure.
Result<std::string> with_server(std::string_view text, const std::string& file,
                                const std::string& name, const json::Object& entry);
/// The file's text without the entry's lines. kNotFound. Pure.
Result<std::string> without_server(std::string_view text, const std::string& file,
                                   const std::string& name);

/// Which file of a layer's folder holds `mcp_servers`, and its text as it is now.
struct ServersFile {
  std::string path;
  std::string text;  ///< empty where there is no file yet
  bool exists = false;
};
/// config.yaml where that has the key, else mcp-servers.yaml. kFailedPrecondition where both have
/// it; kConfiguration where one is no YAML.
Result<ServersFile> find_servers_file(const std::string& dir);
/// Replaces the file in one step, through a symbolic link, with the mode it has.
Result<void> write_servers_file(const ServersFile& file, std::string_view text, int mode_if_new);

/// "FILE:LINE" of a server in a layer's folder; nothing where it is not there or cannot be read.
std::optional<std::string> where_is_server(const std::string& dir, const std::string& name);

/// Everything that would be refused of this entry in a trusted file: kConfiguration, a line each.
Result<void> check_server_entry(const std::string& name, const json::Object& entry,
                                const Paths& paths, const Env& env);

}  // namespace oap::config
