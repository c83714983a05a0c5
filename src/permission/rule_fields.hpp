#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "text/glob.hpp"
#include "yaml/yaml.hpp"

namespace oap::permission {

/// Where values come from: a document with lines, or one value with a fixed place.
class Place {
 public:
  Place(const yaml::Document* document, std::string_view fixed)
      : document_(document), fixed_(fixed) {}
  std::string of(std::string_view pointer) const {
    return document_ != nullptr ? document_->where(pointer) : std::string(fixed_);
  }

 private:
  const yaml::Document* document_;
  std::string_view fixed_;
};

/// "a, b or c".
std::string listing(const std::vector<std::string>& words);

/// The typed values of a rule file's maps. What is wrong is noted with its place and key, and read
/// as nothing. `at` is a JSON pointer. Private to this folder.
class RuleFields {
 public:
  explicit RuleFields(Place place) : place_(place) {}

  std::string where(std::string_view pointer) const { return place_.of(pointer); }
  const std::vector<std::string>& faults() const { return faults_; }

  void fault(const std::string& at, std::string_view key, std::string_view problem);
  void wrong_word(const std::string& at, std::string_view key, std::string_view found,
                  const std::vector<std::string>& allowed);
  bool check_keys(const json::Object& object, const std::string& at,
                  const std::vector<std::string>& known);
  std::optional<std::string> string_at(const json::Object& object, const std::string& at,
                                       std::string_view key);
  std::vector<std::string> strings_at(const json::Object& object, const std::string& at,
                                      std::string_view key);
  std::vector<json::Value> examples_at(const json::Object& object, const std::string& at,
                                       std::string_view key);
  bool check_glob(const std::string& pattern, text::GlobMode mode, const std::string& at,
                  std::string_view key);

 private:
  Place place_;
  std::vector<std::string> faults_;
};

}  // namespace oap::permission
