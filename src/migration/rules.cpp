#include "migration/rules.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <fmt/format.h>

#include "json/print.hpp"
#include "permission/policy.hpp"
#include "text/glob.hpp"
#include "text/strings.hpp"

namespace oap::migration {

json::Object RuleMaker::finish(json::Object rule) const {
  rule["level"] = to_string(level_);
  rule["reason"] = reason_;
  return rule;
}

json::Object RuleMaker::command(std::string_view pattern) const {
  // A pattern of stars alone would also be tried on the text of calls that run nothing.
  return finish({{"scope", "command"}, {pattern == "*" ? "program" : "pattern", pattern}});
}

json::Object RuleMaker::program(std::string_view glob) const {
  return finish({{"scope", "command"}, {"program", glob}});
}

json::Object RuleMaker::argv(const std::vector<std::string>& words) const {
  json::Array list;
  for (const std::string& word : words) {
    list.emplace_back(word);
  }
  return finish({{"scope", "command"}, {"argv", std::move(list)}});
}

json::Object RuleMaker::path(std::string_view action, std::string_view pattern) const {
  json::Object rule{{"scope", "file_pattern"}};
  if (action != "*") {
    rule["action"] = action;
  }
  rule["pattern"] = pattern;
  return finish(std::move(rule));
}

json::Object RuleMaker::tool(std::string_view name) const {
  return finish({{"scope", "tool"}, {"pattern", name}});
}

json::Object RuleMaker::server(std::string_view pattern) const {
  return finish({{"scope", "mcp_server"}, {"pattern", pattern}});
}

json::Object RuleMaker::where(json::Object rule, std::string_view condition) {
  const json::Value* const given = json::find(rule, "condition");
  rule["condition"] = given == nullptr
                          ? std::string(condition)
                          : fmt::format("({}) && ({})", json::view(given->get_string()), condition);
  return rule;
}

std::string cel_text(std::string_view text) { return json::quote(text); }

std::string regex_quote(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = text::is_alpha(c) || text::is_digit(c) || c == '_' || (c & 0x80) != 0;
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (!plain) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string regex_of_stars(std::string_view pattern) {
  std::string out = "(?s)^";
  bool first = true;
  for (const std::string_view piece : text::split(pattern, '*')) {
    out += (first ? "" : ".*") + regex_quote(piece);
    first = false;
  }
  return out + "$";
}

std::string command_pattern(std::string_view with_stars) {
  std::string out;
  std::string plain;
  const auto flush = [&] {
    out += text::glob_quote(plain);
    plain.clear();
  };
  for (std::size_t i = 0; i < with_stars.size(); ++i) {
    const char c = with_stars[i];
    if (c == '\\' && i + 1 < with_stars.size() && with_stars[i + 1] == '*') {
      plain += '*';
      ++i;
    } else if (c == '*') {
      flush();
      if (!out.ends_with('*') || out.ends_with("\\*")) {
        out += '*';
      }
    } else {
      plain += c;
    }
  }
  flush();
  return out;
}

bool is_compound(std::string_view command) {
  char quote = '\0';
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\\' && quote != '\'') {
      ++i;
    } else if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ';' || c == '|' || c == '\n') {
      return true;
    } else if (c == '&') {
      const bool redirect = (i > 0 && (command[i - 1] == '>' || command[i - 1] == '<')) ||
                            (i + 1 < command.size() && command[i + 1] == '>');
      if (!redirect) {
        return true;
      }
    }
  }
  return false;
}

std::vector<std::string> rule_lines(const std::vector<json::Object>& rules) {
  static constexpr std::array<std::string_view, 3> kLevels = {"deny", "ask", "allow"};
  std::vector<std::string> lines;
  std::unordered_set<std::string> seen;
  for (const std::string_view level : kLevels) {
    for (const json::Object& rule : rules) {
      if (json::get_string(rule, "level") != level) {
        continue;
      }
      json::Object bare = rule;
      bare.erase("reason");
      if (seen.insert(json::print(bare)).second) {
        lines.push_back("- " + json::print(rule));
      }
    }
  }
  return lines;
}

std::string rules_fault(const std::string& text) {
  permission::PolicyOptions options;
  options.workspace = "/";
  const auto policy = permission::Policy::compile(
      {{permission::Tier::kProject, "translated rules", text}}, std::move(options));
  return policy ? "" : "the rules cannot be taken over: " + policy.error().message();
}

}  // namespace oap::migration
