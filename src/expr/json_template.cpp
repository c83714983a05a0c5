#include <set>

#include "expr/convert_json.hpp"
#include "expr/template.hpp"
#include "json/pointer.hpp"

namespace oap::expr {

struct JsonTemplate::Body {
  json::Value data;
  std::vector<std::pair<std::string, Template>> templates;  // by JSON Pointer
};

namespace {

constexpr int kMaxDepth = 200;

using Found = std::vector<std::pair<std::string, Template>>;

class Collector {
 public:
  Collector(const Environment& environment, const TemplateOptions& options)
      : environment_(environment), options_(options) {}

  Result<void> visit(const json::Value& value, const std::string& pointer, int depth) {
    if (depth > kMaxDepth) {
      return fail(Code::kResourceExhausted, "the data is nested more than {} deep", kMaxDepth);
    }
    if (value.is_string()) {
      Result<Template> made =
          Template::compile(json::view(value.get_string()), environment_, options_);
      if (!made) {
        return fail(Error(made.error()).with_context(pointer.empty() ? "/" : pointer));
      }
      if (!made->is_literal() || value.get_string().find("$$") != json::String::npos) {
        found.emplace_back(pointer, std::move(*made));
      }
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.get_array().size(); ++i) {
        OAP_CHECK_OK(visit(value.get_array()[i], json::pointer_join(pointer, i), depth + 1));
      }
    } else if (value.is_object()) {
      for (const auto& [name, member] : value.get_object()) {
        OAP_CHECK_OK(visit(member, json::pointer_join(pointer, std::string_view(name)), depth + 1));
      }
    }
    return {};
  }

  Found found;

 private:
  const Environment& environment_;
  const TemplateOptions& options_;
};

json::Value* place(json::Value& data, std::string_view pointer) {
  return const_cast<json::Value*>(json::at(data, pointer));
}

}  // namespace

Result<JsonTemplate> JsonTemplate::compile(const json::Value& data, const Environment& environment,
                                           const TemplateOptions& options) {
  Collector collector(environment, options);
  OAP_CHECK_OK(collector.visit(data, "", 0));
  auto body = std::make_shared<Body>();
  body->data = data;
  body->templates = std::move(collector.found);
  return JsonTemplate(std::move(body));
}

Result<JsonTemplate::Rendered> JsonTemplate::evaluate(std::span<const Value> variables,
                                                      const Limits& limits) const {
  Rendered out{body_->data, false, {}};
  for (const auto& [pointer, each] : body_->templates) {
    Result<Value> value = each.evaluate(variables, limits, &out.secrets);
    if (!value) {
      return fail(Error(value.error()).with_context(pointer.empty() ? "/" : pointer));
    }
    out.tainted = out.tainted || value->tainted();
    OAP_TRY(json::Value data, to_json(*value, 100'000));
    *place(out.data, pointer) = std::move(data);
  }
  return out;
}

std::vector<std::uint32_t> JsonTemplate::used_slots() const {
  std::set<std::uint32_t> used;
  for (const auto& [pointer, each] : body_->templates) {
    const std::vector<std::uint32_t> slots = each.used_slots();
    used.insert(slots.begin(), slots.end());
  }
  return {used.begin(), used.end()};
}

}  // namespace oap::expr
