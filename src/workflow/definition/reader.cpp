#include "workflow/definition/reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "text/nearest.hpp"
#include "text/strings.hpp"
#include "workflow/definition/map_reader.hpp"
#include "workflow/definition/outline.hpp"
#include "workflow/definition/ranges.hpp"
#include "workflow/definition/step_reader.hpp"
#include "yaml/yaml.hpp"

namespace oap::workflow {
namespace {

constexpr yaml::Limits kLimits{.max_bytes = 4U << 20U, .max_nodes = 2'000'000, .max_depth = 64};

/// Reads the keys of a workflow itself. Used once.
class WorkflowReader {
 public:
  WorkflowReader(const json::Object& members, ProblemList& problems, bool defaults)
      : reader_(members, "", "", problems), problems_(problems) {
    context_.defaults = defaults;
  }

  Definition read(std::shared_ptr<const Lines> lines);

 private:
  void failure_policy();
  void inputs();
  void variables();
  void concurrency();
  void implicit_variables();
  Steps steps(std::string_view key);

  MapReader reader_;
  ProblemList& problems_;
  StepContext context_;
  Definition out_;
};

Definition WorkflowReader::read(std::shared_ptr<const Lines> lines) {
  out_.lines = std::move(lines);
  std::string schema;
  reader_.text("$schema", schema);
  reader_.text("id", out_.id);
  reader_.text("name", out_.name);
  reader_.text("description", out_.description);
  reader_.text("version", out_.version);
  inputs();
  variables();
  reader_.texts("secrets", out_.secrets);
  reader_.object("outputs", out_.outputs);
  failure_policy();
  reader_.integer("max_parallel", out_.max_parallel);
  reader_.duration("timeout", out_.timeout);
  concurrency();
  out_.budget = read_budget(reader_);
  out_.steps = steps("steps");
  out_.finally = steps("finally");
  implicit_variables();
  reader_.finish();
  return std::move(out_);
}

Steps WorkflowReader::steps(std::string_view key) {
  const json::Value* value = reader_.take(key);
  return value == nullptr ? Steps() : read_steps(key, *value, reader_, context_, 0);
}

void WorkflowReader::failure_policy() {
  const json::Value* value = reader_.take("on_failure");
  if (value == nullptr) {
    return;
  }
  const std::string_view said = value->is_string() ? json::view(value->get_string()) : "";
  if (said == "fail_fast") {
    out_.on_failure = FailurePolicy::kFailFast;
  } else if (said != "continue") {
    reader_.error("on_failure",
                  said == "tolerate"
                      ? "'tolerate' is said by single steps; a workflow says fail_fast or continue"
                      : fmt::format("one of fail_fast, continue is wanted{}",
                                    text::did_you_mean(said, {"fail_fast", "continue"})));
  }
  context_.on_failure = out_.on_failure;
}

/// A type's name alone is a schema too.
void WorkflowReader::inputs() {
  reader_.object("inputs", out_.inputs);
  static const std::vector<std::string> kTypes = {"string",  "integer", "number",
                                                  "boolean", "array",   "object"};
  MapReader reader(out_.inputs, "/inputs", "inputs", problems_);
  for (auto& member : out_.inputs) {
    const std::string name(member.key());
    json::Value& schema = member.value();
    if (schema.is_null()) {
      schema = json::Object();
    } else if (schema.is_string()) {
      const std::string type(json::view(schema.get_string()));
      if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
        reader.error(name, fmt::format("'{}' is no type{}; there are {}; a default is written "
                                       "{{type: string, default: \"…\"}}",
                                       shown(type), text::did_you_mean(type, kTypes),
                                       fmt::join(kTypes, ", ")));
        schema = json::Object();
        continue;
      }
      schema = json::Object{{"type", type}};
    } else if (!schema.is_object()) {
      reader.wrong(name, schema, "a JSON Schema (a map such as {type: integer, default: 5})");
      schema = json::Object();
    } else {
      const json::Value* type = json::find(schema, "type");
      const std::string said =
          type != nullptr && type->is_string() ? std::string(json::view(type->get_string())) : "";
      const std::string near = text::did_you_mean(said, kTypes);
      if (!said.empty() && said != "null" &&
          std::find(kTypes.begin(), kTypes.end(), said) == kTypes.end()) {
        reader.error(name, fmt::format("'{}' is no type{}", shown(said), near));
        schema = json::Object();
      }
    }
  }
}

void WorkflowReader::variables() {
  reader_.object("variables", out_.variables);
  for (const auto& [key, value] : out_.variables) {
    if (value.is_string() && json::view(value.get_string()).find("${") != std::string_view::npos) {
      const std::string name(key);
      const int line = problems_.line_of(reader_.pointer_to("variables") + "/" + name);
      problems_.warning(line, fmt::format("variable '{}' begins as this very text: start values "
                                          "hold no templates",
                                          shown(name)));
    }
  }
}

void WorkflowReader::concurrency() {
  const json::Value* value = reader_.take("concurrency");
  if (value == nullptr) {
    return;
  }
  Concurrency made;
  if (value->is_object()) {
    MapReader reader(value->get_object(), "/concurrency", "concurrency", problems_);
    reader.text("group", made.group);
    reader.flag("cancel_in_progress", made.cancel_in_progress);
    reader.finish();
  } else {
    made.group = reader_.as_text("concurrency", *value).value_or("?");
  }
  if (made.group.empty()) {
    reader_.error("concurrency", "a group has a name: concurrency: {group: deploy}");
  }
  out_.concurrency = std::move(made);
}

/// The seeds let any tool's result write variables. That is so here only for workflows in their
/// form, for declared variables, and never without a word.
void WorkflowReader::implicit_variables() {
  const bool said = reader_.has("implicit_variables");
  reader_.flag("implicit_variables", out_.implicit_variables);
  const bool exports =
      std::any_of(out_.steps.begin(), out_.steps.end(),
                  [](const StepDefinition& each) { return !each.exports.empty(); });
  if (said || !context_.defaults || !context_.seed_form || exports || out_.variables.empty()) {
    return;
  }
  out_.implicit_variables = true;
  problems_.warning(reader_.line("variables"),
                    "a tool's result with a key 'variables' writes these variables (the older "
                    "form); say 'export' in the steps that should, or 'implicit_variables: false'");
}

/// The line of the text, from 1; without its end.
std::string_view line_at(std::string_view text, int number) {
  for (int at = 1; at < number; ++at) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) {
      return {};
    }
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// Where the line that YAML stumbles over is indented with a tab, that is why.
void explain_tab(std::string_view text, Problem& problem) {
  const std::size_t colon = problem.where.rfind(':');
  const int number = colon == std::string::npos ? 0 : std::atoi(problem.where.c_str() + colon + 1);
  const std::string_view line = line_at(text, number);
  const std::string_view indentation = line.substr(0, line.find_first_not_of(" \t"));
  const bool told = problem.message.find("tab") != std::string::npos;
  if (number > 0 && !told && indentation.find('\t') != indentation.npos) {
    problem.message += "; the line is indented with a tab, and YAML takes spaces only";
  }
}

/// "file:12: message" as its parts.
Problem split_place(const std::string& message, const std::string& file) {
  Problem out{file, message, false};
  if (message.starts_with(file + ":")) {
    const std::size_t colon = message.find(": ", file.size() + 1);
    if (colon != std::string::npos) {
      out.where = message.substr(0, colon);
      out.message = message.substr(colon + 2);
    }
  }
  return out;
}

void check(const Definition& definition, ProblemList& problems) {
  check_ranges(definition, problems);
  const Outline outline = Outline::of(definition, problems);
  for (const BlueprintStep& step : outline.steps) {
    const std::string id = step.compensates
                               ? outline.steps[*step.compensates].definition->id + ".compensate"
                               : step.definition->id;
    check_ranges(*step.definition, id, problems);
  }
}

}  // namespace

Reading read_workflow(std::string_view text, std::string file) {
  Reading out;
  Result<yaml::Document> document = yaml::parse(text, file, kLimits);
  if (!document) {
    out.problems.push_back(split_place(document.error().message(), file));
    explain_tab(text, out.problems.back());
    return out;
  }
  const auto lines = std::make_shared<const Lines>(std::move(document->lines));
  ProblemList problems(file, lines.get(), out.problems);
  if (!document->value.is_object() || document->value.get_object().empty()) {
    problems.error(1, document->value.is_object()
                          ? "the file is empty; a workflow has an 'id' and 'steps'"
                          : "a workflow is a map with 'id' and 'steps'");
    return out;
  }
  out.definition = WorkflowReader(document->value.get_object(), problems, true).read(lines);
  check(out.definition, problems);
  sort_by_line(out.problems);
  return out;
}

Result<Definition> definition_from_json(const json::Value& value) {
  if (!value.is_object()) {
    return fail(Code::kDataLoss, "a stored workflow is not a JSON object");
  }
  std::vector<Problem> found;
  ProblemList problems("", nullptr, found);
  Definition out = WorkflowReader(value.get_object(), problems, false).read(nullptr);
  check(out, problems);
  if (problems.has_errors()) {
    return fail(Code::kDataLoss, "a stored workflow cannot be read: {}", to_text(found));
  }
  return out;
}

}  // namespace oap::workflow
