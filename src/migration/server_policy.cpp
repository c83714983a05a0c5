#include "migration/server_policy.hpp"

#include <algorithm>

#include "migration/rules.hpp"
#include "text/regex.hpp"

namespace oap::migration {
namespace {

std::vector<std::string> words_of(const json::Object& server, std::string_view member) {
  std::vector<std::string> words;
  const json::Value* const value = json::find(server, member);
  if (value != nullptr && value->is_string()) {
    words.emplace_back(json::view(value->get_string()));
  } else if (value != nullptr && value->is_array()) {
    for (const json::Value& word : value->get_array()) {
      words.emplace_back(word.is_string() ? json::view(word.get_string()) : std::string_view());
    }
  }
  return words;
}

struct Server {
  std::string_view name;
  std::vector<std::string> command;
  std::string_view url;
};

/// `unread`: what counts where a pattern cannot be read.
bool fits(const json::Object& entry, const Server& server, bool unread) {
  const std::string_view name = json::get_string(entry, "serverName");
  const std::string_view url = json::get_string(entry, "serverUrl");
  const std::vector<std::string> command = words_of(entry, "serverCommand");
  if (!url.empty() && !server.url.empty()) {
    const auto regex = text::Regex::compile(regex_of_stars(url));
    return regex ? regex->matches(server.url) : unread;
  }
  return (!name.empty() && name == server.name) || (!command.empty() && command == server.command);
}

}  // namespace

std::string refused(const ServerPolicy& policy, std::string_view name, const json::Object& from) {
  Server server{name, words_of(from, "command"), json::get_string(from, "url")};
  for (std::string& word : words_of(from, "args")) {
    server.command.push_back(std::move(word));
  }
  const auto any = [&](const std::vector<json::Object>& list, bool unread) {
    return std::any_of(list.begin(), list.end(),
                       [&](const json::Object& entry) { return fits(entry, server, unread); });
  };
  if (any(policy.denied, true)) {
    return "the settings deny it (deniedMcpServers)";
  }
  if (!policy.allowed) {
    return "";
  }
  const char* const exact = server.url.empty() ? "serverCommand" : "serverUrl";
  std::vector<json::Object> counted = *policy.allowed;
  const bool strict = std::any_of(counted.begin(), counted.end(),
                                  [&](const json::Object& entry) { return entry.contains(exact); });
  std::erase_if(counted,
                [&](const json::Object& entry) { return strict && !entry.contains(exact); });
  return any(counted, false) ? "" : "the settings do not allow it (allowedMcpServers)";
}

}  // namespace oap::migration
