#include "hosts/codex_trust.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "hosts/install.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::hosts {
namespace {

using std::string_view;

struct Trust {
  std::string header;
  std::string value;
};

/// "PreToolUse" is "pre_tool_use".
std::string label(string_view event) {
  std::string out;
  for (const char c : event) {
    if (c >= 'A' && c <= 'Z' && !out.empty()) {
      out += '_';
    }
    out += text::to_lower(c);
  }
  return out;
}

std::string quoted(string_view key) {
  std::string out = "\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "\"";
}

std::string hash(const std::string& event, const json::Object& group, const json::Object& handler) {
  json::Object identity;  // members in the order of their names
  identity["event_name"] = event;
  const std::int64_t seconds = json::get_int(handler, "timeout");
  identity["hooks"] = json::Array{json::Object{{"async", false},
                                               {"command", json::get_string(handler, "command")},
                                               {"timeout", seconds > 0 ? seconds : 600},
                                               {"type", "command"}}};
  if (const json::Value* matcher = json::find(group, "matcher"); matcher != nullptr) {
    identity["matcher"] = *matcher;
  }
  return "sha256:" + crypto::sha256_hex(json::print(json::Value(std::move(identity))));
}

void add_group(std::vector<Trust>& out, const std::string& event, const json::Object& group,
               std::size_t index, const std::string& hooks_file) {
  const json::Array* const handlers = json::find_array(group, "hooks");
  for (std::size_t at = 0; handlers != nullptr && at < handlers->size(); ++at) {
    const json::Value& handler = (*handlers)[at];
    if (is_our_handler(Host::kCodex, handler)) {
      out.push_back(
          {"[hooks.state." + quoted(fmt::format("{}:{}:{}:{}", hooks_file, event, index, at)) + "]",
           "trusted_hash = \"" + hash(event, group, handler.get_object()) + "\""});
    }
  }
}

Result<std::vector<Trust>> wanted(string_view hooks, const std::string& hooks_file) {
  std::vector<Trust> out;
  if (text::trim(hooks).empty()) {
    return out;
  }
  OAP_TRY(const json::Object object, json::parse_object(hooks));
  const json::Object* const events = json::find_object(object, "hooks");
  for (const auto& member : events == nullptr ? json::Object() : *events) {
    if (!member.value().is_array()) {
      continue;
    }
    const json::Array& groups = member.value().get_array();
    for (std::size_t index = 0; index < groups.size(); ++index) {
      if (groups[index].is_object()) {
        add_group(out, label(member.key()), groups[index].get_object(), index, hooks_file);
      }
    }
  }
  return out;
}

std::vector<std::string> lines_of(string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == string_view::npos ? text.size() : end + 1;
    out.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    out += line;
  }
  return out;
}

using Lines = std::vector<std::string>;

/// The header's line; lines.size() where there is none.
std::size_t find_table(const Lines& lines, const std::string& header) {
  std::size_t at = 0;
  while (at < lines.size() && text::trim(lines[at]) != header) {
    ++at;
  }
  return at;
}

std::size_t table_end(const Lines& lines, std::size_t header) {
  std::size_t end = header + 1;
  while (end < lines.size() && !text::trim(lines[end]).starts_with('[')) {
    ++end;
  }
  return end;
}

/// Where a table cannot be added: `hooks = {…}`, `hooks.state = …`, or `state = …` in [hooks].
bool is_inline(const Lines& lines) {
  std::string table;
  for (const std::string& line : lines) {
    const string_view trimmed = text::trim(line);
    if (trimmed.starts_with('[')) {
      table = std::string(trimmed);
    }
    const string_view key = text::trim(trimmed.substr(0, trimmed.find('=')));
    if (trimmed.find('=') != string_view::npos &&
        ((table.empty() && (key == "hooks" || key == "hooks.state")) ||
         (table == "[hooks]" && key == "state"))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::string> with_codex_trust(string_view config, const std::string& config_file,
                                     string_view hooks, const std::string& hooks_file) {
  OAP_TRY(const std::vector<Trust> trusts, wanted(hooks, hooks_file));
  Lines lines = lines_of(config);
  if (!trusts.empty() && is_inline(lines)) {
    return fail(Code::kInvalidArgument,
                "{}: its hooks are written in one line; write them as tables, or say in Codex "
                "itself that the hook is trusted (/hooks)",
                config_file);
  }
  std::string added;
  for (const Trust& trust : trusts) {
    const std::size_t header = find_table(lines, trust.header);
    if (header == lines.size()) {
      added += "\n" + trust.header + "\n" + trust.value + "\n";
      continue;
    }
    for (std::size_t at = header + 1; at < table_end(lines, header); ++at) {
      if (text::trim(lines[at]).starts_with("trusted_hash")) {
        lines[at] = trust.value + "\n";
      }
    }
  }
  std::string out = joined(lines);
  if (!added.empty() && !out.empty() && !out.ends_with('\n')) {
    out += '\n';
  }
  return out + (out.empty() && !added.empty() ? added.substr(1) : added);
}

Result<std::string> without_codex_trust(string_view config, string_view hooks,
                                        const std::string& hooks_file) {
  OAP_TRY(const std::vector<Trust> trusts, wanted(hooks, hooks_file));
  Lines lines = lines_of(config);
  for (const Trust& trust : trusts) {
    std::size_t header = find_table(lines, trust.header);
    if (header == lines.size()) {
      continue;
    }
    std::size_t end = header + 1;
    while (end < lines.size() && text::trim(lines[end]).starts_with("trusted_hash")) {
      ++end;
    }
    if (header > 0 && text::trim(lines[header - 1]).empty()) {
      --header;
    }
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(header),
                lines.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return joined(lines);
}

}  // namespace oap::hosts
