#include "workflow/definition/step_reader.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::workflow {
namespace {

constexpr int kMaxDepth = 40;
constexpr double kAllMayFail = 1e9;  // more items than there can be

template <class Choice, std::size_t N>
void choose(MapReader& reader, std::string_view key, const std::array<Choice, N>& choices,
            Choice& into) {
  const json::Value* value = reader.take(key);
  if (value == nullptr) {
    return;
  }
  std::vector<std::string> names;
  for (const Choice each : choices) {
    names.emplace_back(to_string(each));
  }
  const std::optional<std::string> said =
      value->is_string() ? reader.as_text(key, *value) : std::nullopt;
  const auto found = said ? std::find(names.begin(), names.end(), *said) : names.end();
  if (found != names.end()) {
    into = choices.at(static_cast<std::size_t>(found - names.begin()));
    return;
  }
  reader.error(key, fmt::format("one of {} is wanted{}", fmt::join(names, ", "),
                                said ? text::did_you_mean(*said, names) : ""));
}

}  // namespace

Budget read_budget(MapReader& around) {
  Budget out;
  const json::Value* value = around.take("budget");
  const json::Object* members = value == nullptr ? nullptr : around.as_object("budget", *value);
  if (members == nullptr) {
    return out;
  }
  MapReader reader(*members, around.pointer_to("budget"),
                   around.title().empty() ? "budget" : around.title() + ": budget",
                   around.problems());
  if (const json::Value* tokens = reader.take("tokens")) {
    out.tokens = reader.as_integer("tokens", *tokens);
  }
  if (const json::Value* cost = reader.take("cost_usd")) {
    out.cost_usd = reader.as_number("cost_usd", *cost);
  }
  reader.finish();
  return out;
}

Steps read_steps(std::string_view key, const json::Value& value, MapReader& around,
                 StepContext& context, int depth) {
  Steps out;
  if (value.is_object()) {
    around.error(key, "a list is wanted, each item a step: '- id: build'");
    return out;
  }
  const json::Array* list = around.as_array(key, value);
  if (list == nullptr) {
    return out;
  }
  if (depth > kMaxDepth) {
    around.error(key, "blocks are nested too deep");
    return out;
  }
  out.reserve(list->size());
  const std::string pointer = around.pointer_to(key);
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json::Value& each = (*list)[i];
    std::string place = json::pointer_join(pointer, i);
    if (!each.is_object()) {
      const int line = around.problems().line_of(place);
      around.problems().error(line > 0 ? line : around.line(key),
                              fmt::format("{} was found in '{}', but a step is wanted: a map with "
                                          "'id' and what it does",
                                          json::type_name(each), key));
      continue;
    }
    out.push_back(
        StepReader(each.get_object(), std::move(place), context, around.problems(), depth).read());
    if (around.problems().full()) {
      break;
    }
  }
  return out;
}

std::string StepReader::title_of(const json::Object& members, std::string_view pointer) {
  const std::string_view id = json::get_string(members, "id");
  if (!id.empty()) {
    return fmt::format("step '{}'", shown(id));
  }
  const std::size_t slash = pointer.rfind('/');
  const std::string_view number = pointer.substr(slash + 1);
  return number.find_first_not_of("0123456789") == std::string_view::npos && number.size() < 9
             ? fmt::format("step number {}", std::atoi(std::string(number).c_str()) + 1)
             : std::string(number);
}

StepReader::StepReader(const json::Object& members, std::string pointer, StepContext& context,
                       ProblemList& problems, int depth, std::string title)
    : step_(members, pointer, title.empty() ? title_of(members, pointer) : std::move(title),
            problems),
      context_(context),
      problems_(problems),
      depth_(depth) {
  out_.place.line = problems.line_of(pointer);
  out_.place.pointer = std::move(pointer);
}

StepDefinition StepReader::read(std::string_view default_id) {
  out_.on_failure = context_.on_failure;
  out_.id = default_id;
  common();
  const std::string_view kind = type();
  if (!kind.empty()) {
    body(kind);
    times(kind);
    finish();
  } else {
    out_.body = ToolStep{"sandbox", std::string(kUnread), {}};
  }
  return std::move(out_);
}

void StepReader::common() {
  step_.text("id", out_.id);
  step_.text("name", out_.name);
  step_.know("type");
  step_.texts("needs", out_.needs);
  if (step_.has("needs") && step_.has("dependencies")) {
    step_.error("dependencies", "'needs' says the same; keep one of them");
  }
  step_.texts("dependencies", out_.needs);
  for (const std::string_view key : {"if", "condition"}) {
    const json::Value* value = step_.take(key);
    if (value != nullptr && value->is_bool()) {
      out_.condition = value->get_bool() ? "true" : "false";
    } else if (value != nullptr) {
      out_.condition = step_.as_text(key, *value).value_or("");
      if (value->is_string() && text::trim(out_.condition).empty()) {
        step_.error(key, "is empty; take it away, or write a condition");
      }
    }
  }
  if (step_.has("if") && step_.has("condition")) {
    step_.error("condition", "'if' says the same; keep one of them");
  }
  retry();
  timeouts();
  choices();
  foreach ();
  matrix();
  concurrency();
  out_.budget = read_budget(step_);
  step_.flag("memoize", out_.memoize);
  expressions("export", out_.exports);
  expressions("outputs", out_.outputs);
  if (const json::Value* schema = step_.take("output_schema")) {
    out_.output_schema = *schema;
  }
  compensate();
}

void StepReader::choices() {
  constexpr std::array kEffects = {Effect::kPure, Effect::kIdempotent, Effect::kOnce};
  constexpr std::array kUnknown = {OnUnknown::kAsk, OnUnknown::kFail, OnUnknown::kRetry};
  constexpr std::array kFailure = {FailurePolicy::kFailFast, FailurePolicy::kContinue,
                                   FailurePolicy::kTolerate};
  choose(step_, "effect", kEffects, out_.effect);
  choose(step_, "on_unknown", kUnknown, out_.on_unknown);
  choose(step_, "on_failure", kFailure, out_.on_failure);
}

void StepReader::retry() {
  if (const json::Value* count = step_.take("retry_count")) {
    if (const std::optional<std::int64_t> more = step_.as_integer("retry_count", *count)) {
      if (*more < 0 || *more >= 1'000) {
        step_.error("retry_count", "further attempts: from 0 to 999");
      } else {
        out_.retry.max_attempts = static_cast<int>(*more) + 1;
      }
    }
    if (step_.has("retry")) {
      step_.error("retry_count", "'retry: {max_attempts: …}' says the same; keep one of them");
    }
  }
  const json::Value* value = step_.take("retry");
  if (value == nullptr) {
    return;
  }
  if (value->is_number()) {
    step_.error("retry", "a map is wanted: retry: {max_attempts: 3}; the first attempt counts");
    return;
  }
  const json::Object* members = step_.as_object("retry", *value);
  if (members == nullptr) {
    return;
  }
  MapReader reader(*members, step_.pointer_to("retry"), step_.title() + ": retry", problems_);
  reader.integer("max_attempts", out_.retry.max_attempts);
  std::optional<Millis> initial;
  std::optional<Millis> max;
  reader.duration("initial", initial);
  reader.duration("max", max);
  out_.retry.initial = initial.value_or(out_.retry.initial);
  out_.retry.max = max.value_or(std::max(out_.retry.max, out_.retry.initial));
  reader.number("backoff", out_.retry.backoff);
  reader.flag("jitter", out_.retry.jitter);
  reader.texts("retry_on", out_.retry.retry_on);
  reader.finish();
}

void StepReader::timeouts() {
  step_.duration("timeout", out_.timeouts.attempt);
  const json::Value* value = step_.take("timeouts");
  const json::Object* members = value == nullptr ? nullptr : step_.as_object("timeouts", *value);
  if (members == nullptr) {
    return;
  }
  MapReader reader(*members, step_.pointer_to("timeouts"), step_.title() + ": timeouts", problems_);
  if (step_.has("timeout") && reader.has("attempt")) {
    reader.error("attempt", "'timeout' says the same; keep one of them");
  }
  reader.duration("attempt", out_.timeouts.attempt);
  reader.duration("total", out_.timeouts.total);
  reader.duration("heartbeat", out_.timeouts.heartbeat);
  reader.duration("queue", out_.timeouts.queue);
  reader.finish();
}

/// Tools and scripts have 300 seconds, agents half an hour, where nobody says otherwise.
void StepReader::times(std::string_view type) {
  if (!context_.defaults || out_.timeouts.attempt || step_.has("timeout")) {
    return;
  }
  if (type == "tool" || type == "script") {
    out_.timeouts.attempt = std::chrono::seconds(300);
  } else if (type == "agent") {
    out_.timeouts.attempt = std::chrono::minutes(30);
  }
}

void StepReader::foreach () {
  const json::Value* value = step_.take("foreach");
  if (value == nullptr) {
    return;
  }
  Foreach each;
  if (value->is_array() || value->is_string()) {
    each.items = *value;
    out_.foreach = std::move(each);
    return;
  }
  if (!value->is_object()) {
    step_.wrong("foreach", *value, "a list, ${{ … }} that gives one, or a map with 'items'");
    return;
  }
  MapReader reader(value->get_object(), step_.pointer_to("foreach"), step_.title() + ": foreach",
                   problems_);
  if (const json::Value* items = reader.take("items")) {
    each.items = *items;
    if (!items->is_array() && !items->is_string()) {
      reader.wrong("items", *items, "a list, or ${{ … }} that gives one");
    }
  } else {
    reader.error("items", "is missing: the list to go through");
    each.items = json::Array();
  }
  reader.text("as", each.as);
  reader.integer("max_parallel", each.max_parallel);
  if (const json::Value* tolerate = reader.take("tolerate")) {
    const std::string_view text = tolerate->is_string() ? json::view(tolerate->get_string()) : "";
    if (text.ends_with('%') && text.size() <= 6 &&
        text.substr(0, text.size() - 1).find_first_not_of("0123456789.") == text.npos) {
      const double percent = std::strtod(std::string(text).c_str(), nullptr);
      if (percent > 100) {
        reader.error("tolerate", "more than 100% cannot fail");
      }
      each.tolerate = percent < 100 ? percent / 100 : kAllMayFail;
    } else {
      each.tolerate = reader.as_number("tolerate", *tolerate).value_or(0);
    }
  }
  reader.finish();
  out_.foreach = std::move(each);
}

void StepReader::axis(MapReader& reader, std::string_view name, const json::Value& values) {
  if (!values.is_array() && !values.is_string()) {
    reader.wrong(name, values, "a list of values, or ${{ … }} that gives one");
    return;
  }
  out_.matrix->axes[std::string(name)] = values;
}

void StepReader::rows(MapReader& reader, std::string_view key, std::vector<json::Object>& into) {
  const json::Value* value = reader.take(key);
  const json::Array* list = value == nullptr ? nullptr : reader.as_array(key, *value);
  if (list == nullptr) {
    return;
  }
  for (const json::Value& row : *list) {
    if (row.is_object()) {
      into.push_back(row.get_object());
    } else {
      reader.wrong(key, row, "a list of maps");
    }
  }
}

void StepReader::matrix() {
  const json::Value* value = step_.take("matrix");
  const json::Object* members = value == nullptr ? nullptr : step_.as_object("matrix", *value);
  if (members == nullptr) {
    return;
  }
  out_.matrix.emplace();
  MapReader reader(*members, step_.pointer_to("matrix"), step_.title() + ": matrix", problems_);
  rows(reader, "include", out_.matrix->include);
  rows(reader, "exclude", out_.matrix->exclude);
  reader.integer("max_parallel", out_.matrix->max_parallel);
  reader.flag("fail_fast", out_.matrix->fail_fast);
  if (const json::Value* axes = reader.take("axes")) {
    if (const json::Object* named = reader.as_object("axes", *axes)) {
      MapReader inner(*named, reader.pointer_to("axes"), reader.title(), problems_);
      for (const auto& [name, values] : *named) {
        axis(inner, std::string_view(name.data(), name.size()), values);
      }
    }
  }
  static const std::vector<std::string> kKeys = {"include", "exclude", "max_parallel", "fail_fast"};
  for (const auto& [key, values] : *members) {
    const std::string_view name(key.data(), key.size());
    const bool known = name == "axes" || std::find(kKeys.begin(), kKeys.end(), name) != kKeys.end();
    const bool misspelt = !text::did_you_mean(text::replace_all(name, "-", "_"), kKeys).empty() ||
                          name == "max-parallel" || name == "fail-fast";
    if (!known && !misspelt) {
      reader.know(name);
      axis(reader, name, values);
    }
  }
  reader.finish();
}

void StepReader::concurrency() {
  const json::Value* value = step_.take("concurrency");
  if (value == nullptr) {
    return;
  }
  if (value->is_object()) {
    MapReader reader(value->get_object(), step_.pointer_to("concurrency"),
                     step_.title() + ": concurrency", problems_);
    reader.text("group", out_.concurrency);
    reader.finish();
  } else {
    out_.concurrency = step_.as_text("concurrency", *value).value_or("?");
  }
  if (out_.concurrency.empty()) {
    step_.error("concurrency", "a group has a name: concurrency: deploy");
  }
}

void StepReader::compensate() {
  const json::Value* value = step_.take("compensate");
  const json::Object* members = value == nullptr ? nullptr : step_.as_object("compensate", *value);
  if (members == nullptr) {
    return;
  }
  if (depth_ > kMaxDepth) {
    step_.error("compensate", "is nested too deep");
    return;
  }
  StepReader reader(*members, step_.pointer_to("compensate"), context_, problems_, depth_ + 1,
                    step_.title() + ": compensate");
  out_.compensate = std::make_unique<StepDefinition>(reader.read("compensate"));
}

void StepReader::expressions(std::string_view key,
                             std::map<std::string, std::string, std::less<>>& into) {
  const json::Value* value = step_.take(key);
  const json::Object* members = value == nullptr ? nullptr : step_.as_object(key, *value);
  if (members == nullptr) {
    return;
  }
  MapReader reader(*members, step_.pointer_to(key), fmt::format("{}: {}", step_.title(), key),
                   problems_);
  for (const auto& [name, source] : *members) {
    const std::string_view view(name.data(), name.size());
    if (const auto text = reader.as_text(view, source)) {
      into[std::string(view)] = *text;
    }
  }
}

}  // namespace oap::workflow
