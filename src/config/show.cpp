#include <algorithm>

#include "config/load.hpp"
#include "config/shapes.hpp"
#include "text/strings.hpp"

namespace oap::config {
namespace {

constexpr std::string_view kMask = "***";

class Masker {
 public:
  explicit Masker(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
    std::sort(secrets_.begin(), secrets_.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  }

  void mask(const Shape* shape, json::Value& value) const {
    if (value.is_string()) {
      value = json::String(masked(shape, json::view(value.get_string())));
    } else if (value.is_array()) {
      for (json::Value& item : value.get_array()) {
        mask(shape != nullptr ? shape->element.get() : nullptr, item);
      }
    } else if (value.is_object()) {
      for (auto& pair : value.get_object()) {
        const Field* const field = shape != nullptr ? shape->find(pair.key()) : nullptr;
        const Shape* const element = shape != nullptr ? shape->element.get() : nullptr;
        mask(field != nullptr ? &field->shape : element, pair.value());
      }
    }
  }

 private:
  std::string masked(const Shape* shape, std::string_view text) const {
    if (shape != nullptr && shape->secret && !text.empty()) {
      return std::string(kMask);
    }
    std::string out(text);
    for (const std::string& secret : secrets_) {
      out = text::replace_all(out, secret, kMask);
    }
    return out;
  }

  std::vector<std::string> secrets_;
};

json::Array strings(const std::vector<std::string>& items) {
  json::Array out;
  for (const std::string& item : items) {
    out.emplace_back(json::String(item));
  }
  return out;
}

}  // namespace

json::Value to_json(const Config& config) {
  const Shape shape = config_shape();
  json::Value settings = config.settings;
  Masker(config.secrets).mask(&shape, settings);
  json::Object origins;
  for (const auto& [pointer, origin] : config.origins) {
    origins[pointer] = json::String(origin);
  }
  json::Object permissions;
  for (const PermissionFile& file : config.permission_files) {
    permissions[file.tier] = json::String(file.path);
  }
  return json::Object{{"settings", std::move(settings)},
                      {"origins", std::move(origins)},
                      {"files", strings(config.files)},
                      {"permission_files", std::move(permissions)},
                      {"trusted", config.trusted},
                      {"changed", strings(config.changed)},
                      {"withheld", strings(config.withheld)},
                      {"warnings", strings(config.warnings)}};
}

}  // namespace oap::config
