#include "cli/workflow_questions.hpp"

#include <algorithm>

#include "cli/commands/workflow.hpp"
#include "cli/output.hpp"
#include "cli/person.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "json/schema.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "workflow/view/critical_path.hpp"

namespace oap::cli {
namespace {

constexpr int kTries = 3;

bool is_required(const json::Value& form, std::string_view name) {
  const json::Array* const required = json::find_array(form, "required");
  return required != nullptr &&
         std::any_of(required->begin(), required->end(), [&](const auto& item) {
           return item.is_string() && json::view(item.get_string()) == name;
         });
}

std::string field_prompt(std::string_view name, const json::Value& schema, bool required) {
  const std::string_view about = json::get_string(schema, "description");
  std::string wanted(json::get_string(schema, "type", "text"));
  if (const json::Value* const choices = json::find(schema, "enum")) {
    wanted = "one of " + json::print(*choices);
  }
  return fmt::format("  {}{} ({}{}): ", one_line(name, 60),
                     about.empty() ? "" : ", " + one_line(about, 120), one_line(wanted, 120),
                     required ? "" : ", Enter for none");
}

Task<Result<json::Object>> ask_form(Executor executor, json::Value form) {
  json::Object out;
  const json::Object* const fields = json::find_object(form, "properties");
  if (fields == nullptr) {
    co_return out;
  }
  for (const auto& field : *fields) {
    const bool required = is_required(form, field.key());
    for (int attempt = 0; attempt < kTries; ++attempt) {
      std::string prompt = field_prompt(field.key(), field.value(), required);
      OAP_CO_TRY(const std::optional<std::string> typed,
                 co_await ask_line(executor, std::move(prompt)));
      if (!typed) {
        co_return fail(Code::kUnanswered, "the form was not filled in");
      }
      if (text::trim(*typed).empty() && !required) {
        break;
      }
      auto value = field_value(field.value(), *typed);
      if (value) {
        out[field.key()] = *std::move(value);
        break;
      }
      print_message("  " + value.error().message() + "\n", false);
    }
  }
  co_return out;
}

}  // namespace

json::Value approval_form(const workflow::Blueprint& blueprint, std::string_view path) {
  const std::string known =
      workflow::author_path(path.starts_with("finally.") ? path.substr(8) : path);
  const auto index = blueprint.find(known);
  if (!index) {
    return nullptr;
  }
  const auto* const approval =
      std::get_if<workflow::ApprovalStep>(&blueprint.step(*index).definition->body);
  return approval == nullptr ? json::Value() : approval->form;
}

Result<json::Value> field_value(const json::Value& schema, std::string_view typed) {
  const std::string_view word = text::trim(typed);
  json::Value value = json::Value(json::String(word));
  if (json::get_string(schema, "type") != "string") {
    const std::string lower = text::lower_ascii(word);
    if (json::get_string(schema, "type") == "boolean" && (lower == "y" || lower == "yes")) {
      value = true;
    } else if (json::get_string(schema, "type") == "boolean" && (lower == "n" || lower == "no")) {
      value = false;
    } else if (auto parsed = json::parse(word)) {
      value = *std::move(parsed);
    }
  }
  OAP_TRY(const json::Schema compiled, json::Schema::compile(schema));
  const auto violations = compiled.validate(value, 1);
  if (!violations.empty()) {
    return fail(Code::kInvalidArgument, "{}", violations.front().message);
  }
  return value;
}

Task<Result<std::optional<workflow::Vote>>> ask_for_vote(Executor executor,
                                                         ApprovalQuestion question) {
  std::string prompt =
      fmt::format("Approval of step '{}' ({})\n", one_line(question.path, 100), question.run_id);
  for (const std::string_view line : text::split_lines(question.message)) {
    prompt += "  " + text::escape_visible(line) + "\n";
  }
  prompt += "Approve? [y = yes, n = refuse, Enter = leave it open] ";
  OAP_CO_TRY(const std::optional<std::string> line, co_await ask_line(executor, std::move(prompt)));
  if (!line) {
    co_return std::optional<workflow::Vote>();
  }
  const std::string word = text::lower_ascii(text::trim(*line));
  const bool yes = word == "y" || word == "yes";
  if (!yes && word != "n" && word != "no") {
    co_return std::optional<workflow::Vote>();
  }
  workflow::Vote vote;
  vote.approve = yes;
  if (yes && !question.form.is_null()) {
    OAP_CO_TRY(json::Object form, co_await ask_form(executor, std::move(question.form)));
    vote.form = std::move(form);
  }
  co_return std::optional<workflow::Vote>(std::move(vote));
}

}  // namespace oap::cli
