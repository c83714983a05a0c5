#include "config/merge.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/strings.hpp"

namespace oap::config {
namespace {

const Shape* shape_of_member(const Shape* shape, std::string_view key) {
  if (shape == nullptr) {
    return nullptr;
  }
  const Field* const field = shape->find(key);
  return field != nullptr ? &field->shape : shape->element.get();
}

bool redefines(const Shape* shape, const json::Object& entry) {
  return shape != nullptr &&
         std::any_of(shape->identity.begin(), shape->identity.end(),
                     [&entry](const std::string& key) { return entry.contains(key); });
}

}  // namespace

std::string pointer_token(std::string_view key) {
  return text::replace_all(text::replace_all(key, "~", "~0"), "/", "~1");
}

std::string Origin::to_string() const { return line > 0 ? fmt::format("{}:{}", file, line) : file; }

void Merged::put(const json::Object& settings, const yaml::Document& document) {
  put(&shape_, settings_, settings, Place{document, ""});
}

void Merged::put(const Shape* shape, json::Object& target, const json::Object& source,
                 const Place& place) {
  for (const auto& pair : source) {
    const Place here{place.document, place.pointer + "/" + pointer_token(pair.key())};
    const Shape* const inner = shape_of_member(shape, pair.key());
    json::Value* const old = target.if_contains(pair.key());
    const bool both_maps = old != nullptr && old->is_object() && pair.value().is_object();
    if (both_maps && !redefines(inner, pair.value().get_object())) {
      put(inner, old->get_object(), pair.value().get_object(), here);
    } else {
      forget(here.pointer);
      target[pair.key()] = pair.value();
      note(pair.value(), here);
    }
  }
}

void Merged::forget(const std::string& pointer) {
  const std::string below = pointer + "/";
  origins_.erase(pointer);
  for (auto at = origins_.lower_bound(below);
       at != origins_.end() && at->first.compare(0, below.size(), below) == 0;) {
    at = origins_.erase(at);
  }
}

void Merged::note(const json::Value& value, const Place& place) {
  const bool lines = !place.document.lines.empty();
  origins_[place.pointer] = {place.document.file, lines ? place.document.line(place.pointer) : 0};
  if (value.is_object()) {
    for (const auto& pair : value.get_object()) {
      note(pair.value(), Place{place.document, place.pointer + "/" + pointer_token(pair.key())});
    }
  }
}

Origin Merged::origin(std::string_view pointer) const {
  while (!pointer.empty()) {
    const auto found = origins_.find(pointer);
    if (found != origins_.end()) {
      return found->second;
    }
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
  return {"built-in", 0};
}

}  // namespace oap::config
