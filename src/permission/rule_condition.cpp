#include "permission/rule_condition.hpp"

#include <array>
#include <chrono>

#include <fmt/format.h>

#include "expr/condition.hpp"

namespace oap::permission {
namespace {

using expr::Type;
using expr::TypeKind;
using expr::Value;

constexpr expr::Limits kLimits{.steps = 100'000, .memory = 4U << 20U};

enum Name : std::uint8_t {
  kPrincipal,
  kTool,
  kServer,
  kAction,
  kPath,
  kPaths,
  kCommand,
  kArgv,
  kArguments,
  kTime,
  kRiskScore,
  kOrigin,
  kSession,
  kCount,
};

expr::Environment make_environment() {
  const Type text(TypeKind::kString);
  expr::Environment out;
  out.add_variable("principal",
                   Type::object({{"user", text}, {"role", text}, {"tenant", text}}, false));
  out.add_variable("tool", text);
  out.add_variable("server", text);
  out.add_variable("action", text);
  out.add_variable("path", text);
  out.add_variable("paths", Type::list(text));
  out.add_variable("command", text);
  out.add_variable("argv", Type::list(text));
  out.add_variable("arguments", Type::map(text, {}));
  out.add_variable("time", TypeKind::kTimestamp);
  out.add_variable("risk_score", TypeKind::kDouble);
  out.add_variable("origin", text);
  out.add_variable("session", text);
  return out;
}

const std::string& shown(const PathFacet& path) {
  return !path.exact ? path.shown : (path.inside ? path.relative : path.canonical);
}

Value texts(const std::vector<std::string>& from) {
  std::vector<Value> items;
  items.reserve(from.size());
  for (const std::string& text : from) {
    items.push_back(Value::borrowed_string(text));
  }
  return Value::list(std::move(items));
}

Value instant(WallTime time) {
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(nanos);
  return Value::timestamp({seconds.count(), static_cast<std::int32_t>((nanos - seconds).count())});
}

Value principal(const Principal& from) {
  return Value::map({{Value::borrowed_string("user"), Value::borrowed_string(from.user_id)},
                     {Value::borrowed_string("role"), Value::borrowed_string(from.role)},
                     {Value::borrowed_string("tenant"), Value::borrowed_string(from.tenant)}});
}

Value path_of(const Facets& facets, const ConditionUnit& unit) {
  if (unit.path != nullptr) {
    return Value::borrowed_string(shown(*unit.path));
  }
  return Value::borrowed_string(facets.paths.empty() ? std::string_view()
                                                     : shown(facets.paths.front()));
}

Value command_of(const Facets& facets, const ConditionUnit& unit) {
  return Value::borrowed_string(unit.command != nullptr ? unit.command->text : facets.command_text);
}

Value argv_of(const Facets& facets, const ConditionUnit& unit) {
  const CommandFacet* command = unit.command;
  if (command == nullptr && facets.commands.size() == 1) {
    command = &facets.commands.front();
  }
  return command != nullptr ? texts(command->argv) : Value::list({});
}

Value paths_of(const Facets& facets) {
  std::vector<Value> items;
  for (const PathFacet& path : facets.paths) {
    items.push_back(Value::borrowed_string(shown(path)));
  }
  return Value::list(std::move(items));
}

Value value_of(Name name, const Facets& facets, const ConditionUnit& unit) {
  const Request& request = *facets.request;
  switch (name) {
    case kPrincipal:
      return principal(request.principal);
    case kTool:
      return Value::borrowed_string(facets.tool);
    case kServer:
      return Value::borrowed_string(facets.server);
    case kAction:
      return Value::borrowed_string(request.action);
    case kPath:
      return path_of(facets, unit);
    case kPaths:
      return paths_of(facets);
    case kCommand:
      return command_of(facets, unit);
    case kArgv:
      return argv_of(facets, unit);
    case kArguments:
      return Value::borrowed_json(request.arguments);
    case kTime:
      return instant(request.time.value_or(system_clock().wall()));
    case kRiskScore:
      return request.risk_score ? Value::real(*request.risk_score) : Value::absent();
    case kOrigin:
      return Value::borrowed_string(request.origin);
    case kSession:
      return Value::borrowed_string(request.session);
    case kCount:
      break;
  }
  return Value::absent();
}

/// The first line of an error: what happened and where, without the source and the caret.
std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

}  // namespace

Result<expr::Program> compile_rule_condition(std::string_view source) {
  static const expr::Environment* const environment = new expr::Environment(make_environment());
  return expr::compile_condition(source, *environment);
}

ConditionAnswer judge_condition(const expr::Program& condition, Level level, const Facets& facets,
                                const ConditionUnit& unit) {
  const bool strict = level != Level::kAllow;
  std::string failure = "the call is not known";
  if (facets.request != nullptr) {
    std::array<Value, kCount> values;
    values.fill(Value::absent());
    for (const std::uint32_t slot : condition.used_slots()) {
      values.at(slot) = value_of(static_cast<Name>(slot), facets, unit);
    }
    const Result<bool> answer = expr::holds(condition, values, kLimits);
    if (answer) {
      return {*answer, *answer ? "" : "its condition does not hold: " + condition.source()};
    }
    failure = first_line(answer.error().message());
  }
  return {strict, fmt::format("its condition cannot be evaluated ({}), so the rule {}", failure,
                              strict ? "counts" : "does not count")};
}

}  // namespace oap::permission
