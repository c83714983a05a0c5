#include "gateway/hooks/hidden_text.hpp"

#include <algorithm>

#include "gateway/trust/clean.hpp"
#include "gateway/trust/hidden.hpp"

namespace oap::gateway {
namespace {

bool may_hide_in(const json::Value& value);

bool may_hide_in(const json::Array& array) {
  return std::any_of(array.begin(), array.end(),
                     [](const json::Value& item) { return may_hide_in(item); });
}

bool may_hide_in(const json::Object& object) {
  return std::any_of(object.begin(), object.end(), [](const auto& member) {
    return may_hide({member.key().data(), member.key().size()}) || may_hide_in(member.value());
  });
}

bool may_hide_in(const json::Value& value) {
  if (const json::String* text = value.if_string()) {
    return may_hide(json::view(*text));
  }
  if (const json::Array* array = value.if_array()) {
    return may_hide_in(*array);
  }
  const json::Object* object = value.if_object();
  return object != nullptr && may_hide_in(*object);
}

bool may_hide_in(const ToolResult& result) {
  return may_hide_in(result.content) || (result.structured && may_hide_in(*result.structured)) ||
         may_hide_in(result.meta) || may_hide_in(result.extra);
}

}  // namespace

Task<Result<hooks::AfterVerdict>> HiddenTextHook::after(const hooks::Context& /*context*/,
                                                        const ToolCall& call,
                                                        const ToolResult& result) {
  hooks::AfterVerdict verdict;
  if (call.server != kBuiltinServer && may_hide_in(result)) {
    ToolResult cleaned = result;
    if (clean(cleaned) > 0) {
      verdict.replacement = std::move(cleaned);
    }
  }
  co_return verdict;
}

}  // namespace oap::gateway
