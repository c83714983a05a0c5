#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::json {

/// One place where an instance breaks its schema.
struct Violation {
  std::string instance_path;  ///< JSON Pointer into the instance, "" for the whole
  std::string schema_path;    ///< JSON Pointer into the schema
  std::string keyword;        ///< e.g. "required"
  std::string message;        ///< a sentence for a person or a model
};

/// A compiled JSON Schema (2020-12). Immutable and thread-safe once compiled; a value that shares
/// its body. `pattern` is RE2 with ECMA-262 syntax translated; look-around is refused at compile.
/// Network references are never followed: only `documents` given at compile are known.
class Schema {
 public:
  struct Options {
    /// Looks up a schema document by absolute URI; null where it is not known.
    std::function<const Value*(std::string_view uri)> documents;
    bool assert_formats = false;
    std::size_t max_depth = 256;        ///< of evaluation; beyond it validation reports a violation
    std::size_t max_steps = 5'000'000;  ///< schemas applied to values; the same beyond it
  };

  static Result<Schema> compile(const Value& schema, const Options& options);
  static Result<Schema> compile(const Value& schema);

  /// Empty where the instance is valid; at most `limit` violations.
  std::vector<Violation> validate(const Value& instance, std::size_t limit = 16) const;
  bool is_valid(const Value& instance) const;

 private:
  struct Body;
  explicit Schema(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
  std::shared_ptr<const Body> body_;
};

}  // namespace oap::json
