#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "workflow/definition/step_reader.hpp"

namespace oap::workflow {
namespace {

struct Kind {
  std::string_view name;
  std::string_view short_form;  // the key of a step that says its type
};

constexpr std::array<Kind, 9> kKinds = {{{"tool", "tool"},
                                         {"script", "run"},
                                         {"agent", "prompt"},
                                         {"subworkflow", "uses"},
                                         {"approval", "approval"},
                                         {"wait", "wait"},
                                         {"condition", "test"},
                                         {"loop", ""},
                                         {"group", ""}}};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const Kind& each : kKinds) {
    names.emplace_back(each.name);
  }
  return names;
}

/// Keys that mean something once it is known what a step does.
bool is_of_some_kind(std::string_view key) {
  static constexpr std::array<std::string_view, 27> kKeys = {
      "with",      "config", "server",         "arguments", "env",       "stdin",  "output",
      "shell",     "agent",  "model",          "tools",     "max_turns", "inputs", "message",
      "approvers", "quorum", "expires",        "form",      "duration",  "signal", "until",
      "while",     "items",  "max_iterations", "then",      "else",      "body"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

/// Where `with` holds what the step is given, not settings of it.
bool with_is_data(std::string_view type) { return type == "tool" || type == "subworkflow"; }

}  // namespace

std::string_view StepReader::type() {
  const json::Value* value = step_.take("type");
  const std::string_view inferred = inferred_type();
  if (value == nullptr) {
    if (inferred.empty()) {
      say_no_kind();
    }
    return inferred == "?" ? "" : inferred;
  }
  const std::optional<std::string> said = step_.as_text("type", *value);
  if (!said) {
    return "";
  }
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&said](const Kind& each) { return each.name == *said; });
  if (found == kKinds.end()) {
    const std::string near = text::did_you_mean(*said, kind_names());
    step_.error("type", fmt::format("'{}' is no type of step{}{}", shown(*said), near,
                                    near.empty() ? fmt::format("; there are {}",
                                                               fmt::join(kind_names(), ", "))
                                                 : ""));
    return "";
  }
  return found->name;
}

/// A step of no kind; where a key is nearly one, names it.
void StepReader::say_no_kind() {
  std::vector<std::string> keys{"type", "steps"};
  for (const Kind& each : kKinds) {
    if (!each.short_form.empty()) {
      keys.emplace_back(each.short_form);
    }
  }
  bool named = false;
  for (const std::string& key : step_.unread()) {
    const bool of_kinds = key == "with" || key == "config" || key == "server";
    if (const std::string near = of_kinds ? "" : text::did_you_mean(key, keys); !near.empty()) {
      problems_.error(step_.line(key),
                      fmt::format("{}: unknown key '{}'{}; without it the step does "
                                  "not say what it does",
                                  step_.title(), shown(key), near));
      named = true;
    }
  }
  for (const std::string& key : named ? std::vector<std::string>() : step_.unread()) {
    if (!is_of_some_kind(key)) {
      problems_.error(step_.line(key),
                      fmt::format("{}: unknown key '{}'", step_.title(), shown(key)));
    }
  }
  if (!named) {
    problems_.error(step_.line(),
                    fmt::format("{}: it does not say what it does; give it 'tool', 'run', "
                                "'prompt', 'uses', 'approval', 'wait' or a 'type'",
                                step_.title()));
  }
}

/// "?" where two forms are mixed (which is a problem then), "" where nothing says it.
std::string_view StepReader::inferred_type() {
  if (step_.has("type")) {
    return "";
  }
  std::string_view found;
  std::string_view key;
  for (const Kind& each : kKinds) {
    if (each.short_form.empty() || !step_.has(each.short_form)) {
      continue;
    }
    if (!found.empty()) {
      step_.error(each.short_form,
                  fmt::format("a step does one thing, and this one has '{}' already; make two "
                              "steps of it",
                              key));
      return "?";
    }
    found = each.name;
    key = each.short_form;
  }
  if (found.empty() && step_.has("steps")) {
    const bool loop = step_.has("while") || step_.has("until") || step_.has("items") ||
                      step_.has("max_iterations");
    return loop ? "loop" : "group";
  }
  return found;
}

void StepReader::body(std::string_view type) {
  const auto nested = [this](std::string_view key, std::optional<MapReader>& into) {
    const json::Value* value = step_.take(key);
    const json::Object* members = value == nullptr ? nullptr : step_.as_object(key, *value);
    if (members != nullptr) {
      into.emplace(*members, step_.pointer_to(key), fmt::format("{}: {}", step_.title(), key),
                   problems_);
    }
  };
  nested("config", config_);
  if (!with_is_data(type)) {
    nested("with", with_);
  }
  using Make = StepBody (StepReader::*)();
  constexpr std::array<Make, 9> kMakers = {
      &StepReader::tool,        &StepReader::script,   &StepReader::agent,
      &StepReader::subworkflow, &StepReader::approval, &StepReader::wait,
      &StepReader::condition,   &StepReader::loop,     &StepReader::group};
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds.at(i).name == type) {
      out_.body = (this->*kMakers.at(i))();
    }
  }
}

void StepReader::finish() {
  step_.finish();
  for (std::optional<MapReader>* each : {&with_, &config_, &own_}) {
    if (each->has_value()) {
      (*each)->finish();
    }
  }
}

StepReader::Option StepReader::option(std::string_view key) {
  Option found{nullptr, nullptr};
  for (MapReader* reader : {&step_, with_ ? &*with_ : nullptr, config_ ? &*config_ : nullptr,
                            own_ ? &*own_ : nullptr}) {
    const json::Value* value = reader == nullptr ? nullptr : reader->take(key);
    if (value != nullptr && found.first != nullptr) {
      reader->error(key, "is given twice; keep one of them");
    } else if (value != nullptr) {
      found = {value, reader};
    }
  }
  return found;
}

StepReader::Option StepReader::option(std::string_view key, std::string_view other) {
  const Option first = option(key);
  const Option second = option(other);
  if (first.first != nullptr && second.first != nullptr) {
    second.second->error(other, fmt::format("'{}' says the same; keep one of them", key));
  }
  return first.first != nullptr ? first : second;
}

void StepReader::text(std::string_view key, std::string& into) {
  const auto [value, reader] = option(key);
  if (value != nullptr) {
    into = reader->as_text(key, *value).value_or(into);
  }
}

std::unique_ptr<Steps> StepReader::block(std::string_view key, std::string_view other) {
  const auto [value, reader] = other.empty() ? option(key) : option(key, other);
  if (value == nullptr) {
    return nullptr;
  }
  const std::string_view used = reader->has(key) ? key : other;
  return std::make_unique<Steps>(read_steps(used, *value, *reader, context_, depth_ + 1));
}

/// `approval: text` or a map of its own; `wait: 5m` likewise.
void StepReader::short_form(std::string_view key, std::string_view main) {
  const json::Value* value = step_.take(key);
  if (value == nullptr) {
    return;
  }
  if (value->is_object()) {
    own_.emplace(value->get_object(), step_.pointer_to(key),
                 fmt::format("{}: {}", step_.title(), key), problems_);
  } else if (step_.has(main)) {
    step_.error(key, fmt::format("'{}' says the same; keep one of them", main));
  }
}

StepBody StepReader::tool() {
  ToolStep out;
  const auto [name, where] = option("tool");
  if (name != nullptr) {
    out.tool = where->as_text("tool", *name).value_or(std::string(kUnread));
    context_.seed_form = context_.seed_form || where != &step_;
  }
  text("server", out.server);
  if (out.server == "default") {
    out.server = "sandbox";
  }
  const auto [arguments, place] = option("arguments", "with");
  const std::string_view key = place != nullptr && place->has("arguments") ? "arguments" : "with";
  const json::Object* members = place == nullptr ? nullptr : place->as_object(key, *arguments);
  if (members != nullptr) {
    out.arguments = *members;
  }
  return out;
}

StepBody StepReader::script() {
  ScriptStep out;
  const auto [run, where] = option("run", "script");
  if (run != nullptr) {
    out.run =
        where->as_text(where->has("run") ? "run" : "script", *run).value_or(std::string(kUnread));
  }
  text("shell", out.shell);
  text("stdin", out.stdin_text);
  if (const auto [env, place] = option("env"); env != nullptr) {
    if (const json::Object* members = place->as_object("env", *env)) {
      out.env = *members;
    }
  }
  std::string output = "text";
  text("output", output);
  out.json_output = output == "json";
  if (output != "json" && output != "text") {
    step_.error("output", fmt::format("'text' or 'json' is wanted, not '{}'", shown(output)));
  }
  return out;
}

StepBody StepReader::agent() {
  AgentStep out;
  text("prompt", out.prompt);
  text("agent", out.agent);
  text("model", out.model);
  if (const auto [tools, where] = option("tools"); tools != nullptr) {
    out.tools = where->as_texts("tools", *tools).value_or(out.tools);
  }
  for (MapReader* reader : {with_ ? &*with_ : nullptr, config_ ? &*config_ : nullptr}) {
    if (const json::Value* schema = reader == nullptr ? nullptr : reader->take("output_schema")) {
      out.output_schema = *schema;
    }
  }
  if (const auto [turns, where] = option("max_turns"); turns != nullptr) {
    const auto count = where->as_integer("max_turns", *turns);
    if (count && (*count < 1 || *count > 10'000)) {
      where->error("max_turns", "must be from 1 to 10000");
    } else {
      out.max_turns = static_cast<int>(count.value_or(0));
    }
  }
  return out;
}

StepBody StepReader::subworkflow() {
  SubworkflowStep out;
  const auto [name, where] = option("uses", "workflow");
  if (name != nullptr) {
    out.workflow = where->as_text(where->has("uses") ? "uses" : "workflow", *name)
                       .value_or(std::string(kUnread));
  }
  const auto [inputs, place] = option("inputs", "with");
  const std::string_view key = place != nullptr && place->has("inputs") ? "inputs" : "with";
  const json::Object* members = place == nullptr ? nullptr : place->as_object(key, *inputs);
  if (members != nullptr) {
    out.inputs = *members;
  }
  return out;
}

/// In the seeds' form `config.condition` is what is asked; without it the step's own `condition`.
StepBody StepReader::condition() {
  ConditionStep out;
  text("test", out.condition);
  if (config_) {
    config_->text("condition", out.condition);
  }
  if (out.condition.empty() && step_.has("condition")) {
    std::swap(out.condition, out_.condition);
  }
  out.then_steps = block("then");
  out.else_steps = block("else");
  return out;
}

StepBody StepReader::loop() {
  LoopStep out;
  text("while", out.while_condition);
  if (config_ && out.while_condition.empty()) {
    config_->text("condition", out.while_condition);
  }
  text("until", out.until_condition);
  if (const auto [items, where] = option("items"); items != nullptr) {
    if (items->is_array() || items->is_string()) {
      out.items = *items;
    } else {
      where->wrong("items", *items, "a list, or ${{ … }} that gives one");
    }
  }
  if (const auto [count, where] = option("max_iterations"); count != nullptr) {
    out.max_iterations = where->as_integer("max_iterations", *count).value_or(1);
    if (out.max_iterations == 0) {
      where->error("max_iterations", "must be from 1 to 1000000");
      out.max_iterations = 1;
    }
  }
  out.body = block("steps", "body");
  return out;
}

StepBody StepReader::group() {
  GroupStep out;
  out.body = block("steps", "body");
  return out;
}

StepBody StepReader::approval() {
  ApprovalStep out;
  short_form("approval", "message");
  if (const json::Value* value = step_.take("approval"); value != nullptr && !own_) {
    out.message = step_.as_text("approval", *value).value_or("");
  }
  text("message", out.message);
  if (const auto [names, where] = option("approvers"); names != nullptr) {
    out.approvers = where->as_texts("approvers", *names).value_or(out.approvers);
  }
  if (const auto [quorum, where] = option("quorum"); quorum != nullptr) {
    const auto count = where->as_integer("quorum", *quorum);
    constexpr std::int64_t kMost = std::numeric_limits<int>::max();
    out.quorum = static_cast<int>(std::clamp<std::int64_t>(count.value_or(1), -1, kMost));
  }
  if (const auto [expires, where] = option("expires"); expires != nullptr) {
    out.expires = where->as_duration("expires", *expires);
  }
  if (const auto [form, where] = option("form"); form != nullptr) {
    out.form = *form;
  }
  return out;
}

StepBody StepReader::wait() {
  WaitStep out;
  short_form("wait", "duration");
  const auto duration = [](MapReader& reader, std::string_view key, const json::Value& value) {
    if (value.is_number()) {
      const auto time = reader.as_duration(key, value);
      return time ? fmt::format("{}ms", time->count()) : std::string();
    }
    return reader.as_text(key, value).value_or("");
  };
  if (const json::Value* value = step_.take("wait"); value != nullptr && !own_) {
    out.duration = duration(step_, "wait", *value);
  }
  if (const auto [value, where] = option("duration"); value != nullptr) {
    out.duration = duration(*where, "duration", *value);
  }
  text("until", out.until);
  text("signal", out.signal);
  return out;
}

}  // namespace oap::workflow
