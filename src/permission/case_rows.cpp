#include "permission/case_rows.hpp"

#include <fmt/format.h>

#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::permission {
namespace {

std::optional<Level> level_of(std::string_view word) {
  for (const Level level : {Level::kAllow, Level::kAsk, Level::kDeny}) {
    if (word == to_string(level)) {
      return level;
    }
  }
  return std::nullopt;
}

Result<CaseRow> read_row(const std::string& line, const std::string& role) {
  const std::size_t arrow = line.rfind(" => ");
  if (arrow == std::string::npos) {
    return fail(Code::kInvalidArgument, "expected REQUEST => allow, ask or deny");
  }
  CaseRow row;
  OAP_TRY(row.request, case_request(std::string_view(line).substr(0, arrow)));
  if (!role.empty() && !row.request.contains("role")) {
    row.request["role"] = role;
  }
  std::string expected = line.substr(arrow + 4);
  if (const std::size_t quote = expected.find('"'); quote != std::string::npos) {
    if (!expected.ends_with('"') || quote + 1 == expected.size()) {
      return fail(Code::kInvalidArgument, "a reason stands in double quotes");
    }
    row.reason = expected.substr(quote + 1, expected.size() - quote - 2);
    expected.resize(quote);
  }
  const std::vector<std::string_view> words = text::split_words(expected);
  const auto level = words.empty() ? std::nullopt : level_of(words[0]);
  if (!level || words.size() > 2) {
    return fail(Code::kInvalidArgument,
                "expected allow, ask or deny, then at most a rule, found '{}'", expected);
  }
  row.level = *level;
  row.rule = words.size() == 2 ? words[1] : "";
  return row;
}

bool is_rule(const std::string& rule, const std::string& wanted) {
  const bool number = wanted.find_first_not_of("0123456789") == std::string::npos;
  return wanted.empty() || rule == wanted || (wanted == "default" && rule.empty()) ||
         rule.ends_with(number || !wanted.starts_with(':') ? ":" + wanted : wanted);
}

}  // namespace

Result<json::Object> case_request(std::string_view given) {
  const std::string text = text::replace_all(text::replace_all(given, "␤", "\n"), "␉", "\t");
  if (text.starts_with('{')) {
    return json::parse_object(text);
  }
  const std::string verb = text.substr(0, text.find(' '));
  const std::string rest = verb.size() < text.size() ? text.substr(verb.size() + 1) : "";
  json::Object object;
  if (verb == "read" || verb == "write" || verb == "delete") {
    object = {{"tool", "file_ops"}, {"action", verb}, {"resource", rest}};
  } else if (verb == "call") {
    object = {{"tool", rest}, {"action", "invoke"}};
  } else if (verb == "bash" || verb == "run_command") {
    object = {{"tool", verb}, {"arguments", json::Object{{"command", rest}}}};
  } else if (verb == "run") {
    const std::size_t blank = rest.find(' ');
    object = {{"tool", rest.substr(0, blank)},
              {"resource", blank == std::string::npos ? "" : rest.substr(blank + 1)}};
  } else {
    object["tool"] = verb;
    if (!rest.empty()) {
      object["arguments"] = json::Object{{"path", rest}};
    }
  }
  return object;
}

Result<std::vector<CaseRow>> read_cases(std::string_view text, std::string_view file) {
  std::vector<CaseRow> rows;
  std::vector<std::string> faults;
  std::string role;
  int number = 0;
  for (const std::string_view line : text::split_lines(text)) {
    ++number;
    if (text::trim(line).empty() || line.starts_with('#')) {
      continue;
    }
    if (line.starts_with("role ") && line.find(" => ") == std::string_view::npos) {
      role = text::trim(line.substr(5));
      continue;
    }
    auto row = read_row(std::string(line), role);
    if (!row) {
      faults.push_back(fmt::format("{}:{}: {}", file, number, row.error().message()));
      continue;
    }
    row->line = number;
    row->text = line;
    rows.push_back(*std::move(row));
  }
  if (!faults.empty()) {
    return fail(Code::kInvalidArgument, "{}", text::join(faults, "\n"));
  }
  return rows;
}

std::string try_case(const Policy& policy, const CaseRow& row) {
  auto request = request_from_json(row.request);
  if (!request) {
    return request.error().message();
  }
  if (request->workspace.empty()) {
    request->workspace = policy.workspace();
  }
  const Decision decision = policy.decide(*request);
  const bool right = decision.level == row.level && is_rule(decision.rule, row.rule) &&
                     (!row.reason || *row.reason == decision.reason);
  return right ? std::string()
               : fmt::format("{} by {} ({})", to_string(decision.level),
                             decision.rule.empty() ? "default" : decision.rule, decision.reason);
}

}  // namespace oap::permission
