#include "config/digests.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "crypto/hash.hpp"
#include "json/print.hpp"
#include "text/utf8.hpp"

namespace oap::config {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kSections{
    {{"mcp_servers", "server "}, {"providers", "provider "}}};

/// Keys whose change does not ask again: they neither start nor reach anything.
constexpr std::array<std::string_view, 4> kHarmless{"auto_start", "capabilities", "timeout",
                                                    "resource_limits"};

json::Value what_counts(const json::Value& entry) {
  json::Value out = entry;
  if (out.is_object()) {
    for (const std::string_view key : kHarmless) {
      out.get_object().erase(key);
    }
  }
  return out;
}

template <class Visit>
void each_command(const std::vector<Source>& sources, const Visit& visit) {
  for (const Source& source : sources) {
    for (const auto& [section, prefix] : kSections) {
      const json::Object* const entries = json::find_object(source.document.value, section);
      if (entries == nullptr) {
        continue;
      }
      for (const auto& pair : *entries) {
        visit(std::string(prefix) + text::escape_visible(pair.key()), what_counts(pair.value()));
      }
    }
    if (const json::Value* const gateway = json::find(source.document.value, "gateway")) {
      visit("gateway", *gateway);
    }
  }
}

std::string words(const json::Value* value) {
  if (value == nullptr) {
    return "";
  }
  if (value->is_string()) {
    return " " + std::string(json::view(value->get_string()));
  }
  std::string out;
  if (value->is_array()) {
    for (const json::Value& item : value->get_array()) {
      const bool plain = item.is_string() && !item.get_string().empty() &&
                         json::view(item.get_string()).find_first_of(" \"'\\") == std::string::npos;
      out += " " + (plain ? std::string(json::view(item.get_string())) : json::print(item));
    }
  }
  return out;
}

std::string describe(const json::Value& entry) {
  std::string out;
  for (const std::string_view key : {"command", "args", "url", "base_url"}) {
    out += words(json::find(entry, key));
  }
  std::string names;
  for (const std::string_view key : {"env", "headers"}) {
    if (const json::Object* const members = json::find_object(entry, key)) {
      for (const auto& pair : *members) {
        names += (names.empty() ? "" : ", ") + std::string(pair.key());
      }
    }
  }
  if (!names.empty()) {
    out += " (gets " + names + ")";
  }
  for (const std::string_view key : {"allowed_hosts", "allowed_origins", "auth"}) {
    if (json::find(entry, key) != nullptr) {
      out += " sets " + std::string(key);
    }
  }
  return text::escape_visible(out.empty() ? "" : out.substr(1));
}

}  // namespace

std::map<std::string, std::string> command_digests(const std::vector<Source>& sources) {
  std::map<std::string, std::string> out;
  each_command(sources, [&out](std::string name, const json::Value& entry) {
    out[std::move(name)] = crypto::sha256_hex(json::canonical(entry));
  });
  return out;
}

std::map<std::string, std::string> describe_commands(const std::vector<Source>& sources) {
  std::map<std::string, std::string> out;
  each_command(sources, [&out](std::string name, const json::Value& entry) {
    out[std::move(name)] = describe(entry);
  });
  return out;
}

}  // namespace oap::config
