#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::json {

/// Which keywords count, from `$schema` and its `$vocabulary`.
struct Dialect {
  enum class Draft : std::uint8_t { k4, k6, k7, k2019, k2020 };
  Draft draft = Draft::k2020;
  bool applicator = true;
  bool unevaluated = true;
  bool validation = true;
  bool format_assertion = false;

  /// Up to draft 7 a `$ref` hides the keywords beside it.
  bool ref_hides_siblings() const { return draft <= Draft::k7; }
  /// Up to 2019-09 `items` may be an array, with `additionalItems` for the rest.
  bool item_arrays() const { return draft <= Draft::k2019; }
};

/// A schema with a URI of its own: a document, or a part of one with `$id`.
struct Resource {
  std::string uri;
  const Value* root = nullptr;
  Dialect dialect;
  std::map<std::string, const Value*, std::less<>> anchors;
  std::map<std::string, const Value*, std::less<>> dynamic_anchors;
};

/// Where a schema stands: its resource, and its JSON Pointer for messages, with the document's URI
/// and `#` in front unless it is in the main document.
struct Place {
  Resource* resource = nullptr;
  std::string pointer;
};

/// What a reference leads to.
struct Target {
  const Value* schema = nullptr;
  const Resource* resource = nullptr;  ///< the one the URI names
  std::string anchor;                  ///< set where the fragment is a name
};

/// The documents that one compilation knows: the main one, the 2020-12 meta-schemas, and what the
/// look-up function gives. Keeps copies; addresses of values and resources stay. Not thread-safe.
class SchemaDocuments {
 public:
  using Lookup = std::function<const Value*(std::string_view uri)>;
  explicit SchemaDocuments(Lookup lookup) : lookup_(std::move(lookup)) {}
  SchemaDocuments(const SchemaDocuments&) = delete;
  SchemaDocuments& operator=(const SchemaDocuments&) = delete;

  /// Takes in the main document and returns its copy.
  Result<const Value*> add_main(const Value& schema);
  /// Follows a `$ref` that stands in the schema `from`.
  Result<Target> resolve(const Value& from, std::string_view reference);
  /// The place of a schema that was indexed or resolved.
  const Place& place(const Value& schema) const { return places_.at(&schema); }
  /// Ends the use of the look-up function.
  void close() { lookup_ = nullptr; }

 private:
  struct Item {
    const Value* schema;
    Resource* resource;
    std::string pointer;
    bool document_root = false;
  };

  Result<Resource*> add_document(const Value& schema, const std::string& uri,
                                 const std::string& prefix);
  Result<Resource*> find_or_load(const std::string& uri);
  const Value* builtin(std::string_view uri);
  const Value* known_document(std::string_view uri);
  Result<void> index(Item first);
  Result<void> index_one(Item& item, std::vector<Item>& work);
  Result<void> index_id(Item& item);
  Result<void> index_anchors(const Item& item);
  Result<Target> resolve_pointer(Resource& resource, std::string_view pointer);
  Result<Dialect> dialect_of(std::string_view uri, int depth);
  Result<Dialect> custom_dialect(std::string_view uri, int depth);

  Lookup lookup_;
  std::deque<Value> documents_;
  std::deque<Resource> resources_;
  std::map<std::string, Resource*, std::less<>> by_uri_;
  std::unordered_map<const Value*, Place> places_;
};

}  // namespace oap::json
