#include "llm/offline_plan.hpp"

#include <algorithm>
#include <optional>

#include "json/parse.hpp"
#include "text/strings.hpp"

namespace oap::llm::offline {
namespace {

constexpr int kSecondsPerStep = 5;
constexpr std::size_t kShownPart = 300;

constexpr std::string_view kHowTo =
    "Without a model only plain orders are understood: reading, listing, searching, running a "
    "quoted "
    "command, writing quoted text, deleting, listing skills, and lists of such. To use a model "
    "give "
    "--model openai/<name> with OPENAI_API_KEY (OPENAI_BASE_URL for another server) or "
    "--model anthropic/<name> with ANTHROPIC_API_KEY, or set OAP_MODEL or agents.executor.model";

std::string quoted(std::string_view part) {
  std::string shown = text::replace_all(part.substr(0, kShownPart), "\n", " ");
  return "'" + shown + (part.size() > kShownPart ? " …'" : "'");
}

Result<Orders> understood(std::string_view task) {
  // A plan's calls are made later and elsewhere: no tool is known to be missing there.
  const Offer offer{{"skill"}};
  Orders orders = read_orders(task, offer);
  OAP_CHECK_OK(check_understood(orders));
  return orders;
}

json::Array one_string(std::string_view text) {
  json::Array array;
  array.emplace_back(text);
  return array;
}

const json::Array* steps_of(const json::Value& value) {
  const json::Value* evidence = json::find(value, "evidence");
  return json::find_array(evidence != nullptr ? *evidence : value, "steps");
}

/// The first JSON object of the text that holds evidence.
std::optional<json::Value> find_evidence(std::string_view text) {
  const std::size_t end = text.find_last_of('}');
  std::size_t tries = 0;
  for (std::size_t at = text.find('{'); at != std::string_view::npos && at < end && tries < 8;
       at = text.find('{', at + 1), ++tries) {
    if (Result<json::Value> value = json::parse(text.substr(at, end + 1 - at));
        value && steps_of(*value) != nullptr) {
      return *std::move(value);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string order_text(std::string_view message) {
  const std::string_view trimmed = text::trim(message);
  if (trimmed.starts_with('{')) {
    if (const Result<json::Object> object = json::parse_object(trimmed)) {
      for (const std::string_view name : {"order", "task", "description"}) {
        const json::Value* value = json::find(*object, name);
        if (value != nullptr && value->is_string()) {
          return std::string(json::view(value->get_string()));
        }
      }
    }
  }
  const std::size_t open = trimmed.find("<task>");
  const std::size_t close = trimmed.find("</task>", open == std::string_view::npos ? 0 : open);
  if (open != std::string_view::npos && close != std::string_view::npos) {
    return std::string(text::trim(trimmed.substr(open + 6, close - open - 6)));
  }
  return std::string(trimmed);
}

Result<void> check_understood(const Orders& orders) {
  if (!orders.not_understood.empty()) {
    std::string parts;
    for (const std::string& part : orders.not_understood) {
      parts += (parts.empty() ? "" : ", ") + quoted(part);
    }
    const bool one = orders.not_understood.size() == 1;
    return fail(Code::kNeedsModel, "{} a model: {}. {}",
                one ? "this part needs" : "these parts need", parts, kHowTo);
  }
  if (orders.understood.empty()) {
    return fail(Code::kInvalidArgument, "the task holds no order; say what is to be done");
  }
  return {};
}

std::vector<std::string> hits_of(std::string_view result, const Call& call) {
  std::vector<std::string> hits;
  for (const std::string_view line : text::split_lines(result)) {
    const std::string_view path = text::trim(line);
    if (!path.empty() && !path.starts_with('[') && !path.starts_with("no file")) {
      hits.emplace_back(path);
    }
  }
  if (call.follow != Call::Follow::kReadBest || hits.empty()) {
    return hits;
  }
  const auto plain = std::find_if(hits.begin(), hits.end(), [](const std::string& hit) {
    return hit.find('.') == std::string::npos;
  });
  const auto markdown = std::find_if(hits.begin(), hits.end(), [](const std::string& hit) {
    return text::lower_ascii(hit).ends_with(".md");
  });
  return {plain != hits.end() ? *plain : markdown != hits.end() ? *markdown : hits.front()};
}

Result<json::Object> requirements(std::string_view task) {
  OAP_TRY(const Orders orders, understood(task));
  json::Array list;
  for (const Order& order : orders.understood) {
    list.emplace_back(order.text);
  }
  json::Object out;
  out["requirements"] = std::move(list);
  out["strategy"] =
      "Carry out the orders one after the other, each with its own tool calls; stop before an "
      "order "
      "that changes something when one before it failed.";
  return out;
}

Result<json::Object> plan(std::string_view task) {
  OAP_TRY(const Orders orders, understood(task));
  json::Array steps;
  json::Array criteria;
  bool changes = false;
  for (const Order& order : orders.understood) {
    const std::string id = fmt::format("step_{}", steps.size() + 1);
    const bool single = order.calls.size() == 1 && order.calls[0].tool != "skill" &&
                        order.calls[0].follow == Call::Follow::kNone;
    json::Object step;
    step["id"] = id;
    step["description"] = order.text;
    step["tool"] = single ? order.calls[0].tool : "agent";
    step["arguments"] = single ? order.calls[0].arguments : json::Object();
    step["dependencies"] =
        steps.empty() ? json::Array() : one_string(fmt::format("step_{}", steps.size()));
    step["estimated_time"] = kSecondsPerStep;
    step["validation_criteria"] = one_string("the tool call ends without an error");
    steps.push_back(std::move(step));
    criteria.emplace_back(fmt::format("{} is done", id));
    changes = changes || order.changes;
  }
  json::Object out;
  out["estimated_total_time"] = kSecondsPerStep * static_cast<int>(steps.size());
  out["steps"] = std::move(steps);
  out["success_criteria"] = std::move(criteria);
  out["risk_assessment"] = changes ? "some orders change files or run commands; policy decides each"
                                   : "none: the orders only look";
  return out;
}

Result<json::Object> review(std::string_view text) {
  const std::optional<json::Value> evidence = find_evidence(text);
  const json::Array* steps = evidence ? steps_of(*evidence) : nullptr;
  if (steps == nullptr) {
    return fail(Code::kNeedsModel, "this part needs a model: judging work that has no evidence. {}",
                kHowTo);
  }
  json::Array reviews;
  json::Array recommendations;
  std::size_t good = 0;
  for (const json::Value& step : *steps) {
    const std::string_view id = json::get_string(step, "id");
    const std::string_view status = json::get_string(step, "status");
    const bool error = json::get_bool(step, "is_error");
    const bool success = status == "completed" && !error;
    good += success ? 1 : 0;
    json::Object review;
    review["step_id"] = id;
    review["success"] = success;
    review["comment"] = success ? "completed without an error"
                        : error ? fmt::format("{}, and its tool reported an error", status)
                                : fmt::format("not completed: {}", status);
    reviews.push_back(std::move(review));
    if (!success) {
      recommendations.emplace_back(fmt::format("look at step {} and repeat it", id));
    }
  }
  json::Object out;
  out["quality_score"] =
      reviews.empty() ? 0.0 : static_cast<double>(good) / static_cast<double>(reviews.size());
  out["step_reviews"] = std::move(reviews);
  out["recommendations"] = std::move(recommendations);
  return out;
}

}  // namespace oap::llm::offline
