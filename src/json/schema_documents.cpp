#include "json/schema_documents.hpp"

#include <utility>

#include "json/embedded.hpp"
#include "json/parse.hpp"
#include "json/pointer.hpp"
#include "json/schema_dialect.hpp"
#include "json/uri.hpp"

namespace oap::json {
namespace {

constexpr std::size_t kMaxSchemas = 200'000;
constexpr std::string_view k2020Base = "https://json-schema.org/draft/2020-12/";

std::string_view key_of(const Object::value_type& member) {
  return {member.key().data(), member.key().size()};
}

/// Calls `visit(child, pointer)` for each schema directly inside one.
template <class Visit>
void for_each_child(const Object& schema, const Dialect& dialect, const std::string& pointer,
                    const Visit& visit) {
  for (const auto& member : schema) {
    const std::string_view key = key_of(member);
    const Value& value = member.value();
    const ChildShape shape = child_shape(key, dialect);
    const std::string here = pointer_join(pointer, key);
    if (shape == ChildShape::kSchema) {
      visit(value, here);
    } else if (shape == ChildShape::kMap && value.is_object()) {
      for (const auto& child : value.get_object()) {
        visit(child.value(), pointer_join(here, key_of(child)));
      }
    } else if (shape == ChildShape::kList && value.is_array()) {
      for (std::size_t i = 0; i < value.get_array().size(); ++i) {
        visit(value.get_array()[i], pointer_join(here, i));
      }
    } else if (shape == ChildShape::kSchemaOrList) {
      if (const Array* items = value.if_array()) {
        for (std::size_t i = 0; i < items->size(); ++i) {
          visit((*items)[i], pointer_join(here, i));
        }
      } else {
        visit(value, here);
      }
    }
  }
}

bool is_schema(const Value& value) { return value.is_object() || value.is_bool(); }

}  // namespace

Result<const Value*> SchemaDocuments::add_main(const Value& schema) {
  OAP_TRY(const Resource* resource, add_document(schema, "", ""));
  return resource->root;
}

Result<Resource*> SchemaDocuments::add_document(const Value& schema, const std::string& uri,
                                                const std::string& prefix) {
  const Value& copy = documents_.emplace_back(schema);
  Resource& resource = resources_.emplace_back();
  resource.uri = uri;
  resource.root = &copy;
  by_uri_[uri] = &resource;
  OAP_CHECK_OK(index({&copy, &resource, prefix, true}));
  return &resource;
}

const Value* SchemaDocuments::builtin(std::string_view uri) {
  if (!uri.starts_with(k2020Base)) {
    return nullptr;
  }
  std::string_view name = uri.substr(k2020Base.size());
  name.remove_prefix(name.starts_with("meta/") ? 5 : 0);
  const std::string_view text = embedded(std::string(name) + ".json");
  if (text.empty()) {
    return nullptr;
  }
  Result<Value> value = parse(text);
  return value ? &documents_.emplace_back(std::move(*value)) : nullptr;
}

const Value* SchemaDocuments::known_document(std::string_view uri) {
  const auto found = by_uri_.find(uri);
  if (found != by_uri_.end()) {
    return found->second->root;
  }
  const Value* value = builtin(uri);
  return value != nullptr || !lookup_ ? value : lookup_(uri);
}

Result<Resource*> SchemaDocuments::find_or_load(const std::string& uri) {
  const auto found = by_uri_.find(uri);
  if (found != by_uri_.end()) {
    return found->second;
  }
  const Value* document = known_document(uri);
  if (document == nullptr) {
    return fail(Code::kInvalidArgument,
                "the schema '{}' is not known; references are never fetched from the network", uri);
  }
  Uri name = split_uri(resolve_uri(uri, get_string(*document, "$id")));
  name.fragment.reset();
  const auto same = by_uri_.find(join_uri(name));
  if (same != by_uri_.end()) {
    by_uri_[uri] = same->second;
    return same->second;
  }
  return add_document(*document, uri, uri + "#");
}

Result<void> SchemaDocuments::index(Item first) {
  std::vector<Item> work;
  work.push_back(std::move(first));
  while (!work.empty()) {
    Item item = std::move(work.back());
    work.pop_back();
    if (places_.size() >= kMaxSchemas) {
      return fail(Code::kResourceExhausted, "the schema has more than {} parts", kMaxSchemas);
    }
    OAP_CHECK_OK(index_one(item, work));
  }
  return {};
}

Result<void> SchemaDocuments::index_one(Item& item, std::vector<Item>& work) {
  if (!is_schema(*item.schema) || places_.contains(item.schema)) {
    return {};
  }
  if (const Object* object = item.schema->if_object()) {
    OAP_CHECK_OK(index_id(item));
    OAP_CHECK_OK(index_anchors(item));
    for_each_child(*object, item.resource->dialect, item.pointer,
                   [&](const Value& child, const std::string& pointer) {
                     work.push_back({&child, item.resource, pointer, false});
                   });
  }
  places_[item.schema] = {item.resource, item.pointer};
  return {};
}

/// `$schema` and `$id`: a new dialect, a new resource.
Result<void> SchemaDocuments::index_id(Item& item) {
  const Value& schema = *item.schema;
  Dialect dialect = item.resource->dialect;
  const std::string_view dialect_uri = get_string(schema, "$schema");
  if (!dialect_uri.empty()) {
    const Result<Dialect> named = dialect_of(dialect_uri, 0);
    if (!named) {
      return fail(Error(named.error()).with_context("schema at '" + item.pointer + "'"));
    }
    dialect = *named;
  }
  const bool hidden = dialect.ref_hides_siblings() && find(schema, "$ref") != nullptr;
  const std::string_view id =
      hidden ? "" : get_string(schema, dialect.draft == Dialect::Draft::k4 ? "id" : "$id");
  if (item.document_root) {
    item.resource->dialect = dialect;
  }
  Uri uri = split_uri(resolve_uri(item.resource->uri, id));
  const std::string fragment = uri.fragment.value_or("");
  uri.fragment.reset();
  if (!fragment.empty() && dialect.draft >= Dialect::Draft::k2019 && !id.empty()) {
    return fail(Code::kInvalidArgument, "schema at '{}': the $id '{}' must not have a fragment",
                item.pointer, id);
  }
  if (id.empty() || id.starts_with('#')) {
    return {};
  }
  const std::string name = join_uri(uri);
  const auto known = by_uri_.find(name);
  if (known != by_uri_.end() && known->second->root != item.schema) {
    return fail(Code::kInvalidArgument, "schema at '{}': the $id '{}' stands twice", item.pointer,
                name);
  }
  if (item.document_root) {
    item.resource->uri = name;
  } else {
    Resource& resource = resources_.emplace_back();
    resource.uri = name;
    resource.root = item.schema;
    resource.dialect = dialect;
    item.resource = &resource;
  }
  by_uri_[name] = item.resource;
  return {};
}

Result<void> SchemaDocuments::index_anchors(const Item& item) {
  const Value& schema = *item.schema;
  Resource& resource = *item.resource;
  const auto add = [&](auto& names, std::string_view name) -> Result<void> {
    const auto [at, fresh] = names.emplace(std::string(name), item.schema);
    if (!fresh && at->second != item.schema) {
      return fail(Code::kInvalidArgument, "schema at '{}': the anchor '{}' stands twice",
                  item.pointer, name);
    }
    return {};
  };
  if (resource.dialect.draft <= Dialect::Draft::k7) {
    const std::string_view id =
        get_string(schema, resource.dialect.draft == Dialect::Draft::k4 ? "id" : "$id");
    const bool hidden = find(schema, "$ref") != nullptr;
    return id.size() > 1 && id.starts_with('#') && !hidden ? add(resource.anchors, id.substr(1))
                                                           : Result<void>();
  }
  const std::string_view anchor = get_string(schema, "$anchor");
  if (!anchor.empty()) {
    OAP_CHECK_OK(add(resource.anchors, anchor));
  }
  const std::string_view dynamic = get_string(schema, "$dynamicAnchor");
  if (!dynamic.empty() && resource.dialect.draft == Dialect::Draft::k2020) {
    OAP_CHECK_OK(add(resource.dynamic_anchors, dynamic));
  }
  return {};
}

Result<Target> SchemaDocuments::resolve(const Value& from, std::string_view reference) {
  const Resource& base = *place(from).resource;
  Uri uri = split_uri(resolve_uri(base.uri, reference));
  const std::string fragment = percent_decode(uri.fragment.value_or(""));
  uri.fragment.reset();
  OAP_TRY(Resource * resource, find_or_load(join_uri(uri)));
  if (fragment.empty() || fragment.starts_with('/')) {
    return resolve_pointer(*resource, fragment);
  }
  for (const auto* names : {&resource->dynamic_anchors, &resource->anchors}) {
    const auto found = names->find(fragment);
    if (found != names->end()) {
      return Target{found->second, resource, fragment};
    }
  }
  return fail(Code::kInvalidArgument, "the reference '{}' leads to no $anchor", reference);
}

Result<Target> SchemaDocuments::resolve_pointer(Resource& resource, std::string_view pointer) {
  const auto tokens = pointer_tokens(pointer);
  const Value* here = tokens ? resource.root : nullptr;
  Resource* holder = &resource;
  std::string text = place(*resource.root).pointer;
  for (std::size_t i = 0; here != nullptr && i < tokens->size(); ++i) {
    here = at(*here, pointer_join("", (*tokens)[i]));
    text = pointer_join(text, (*tokens)[i]);
    const auto known = places_.find(here);
    holder = known == places_.end() ? holder : known->second.resource;
  }
  if (here == nullptr || !is_schema(*here)) {
    return fail(Code::kInvalidArgument, "the reference '{}#{}' leads to no schema", resource.uri,
                pointer);
  }
  OAP_CHECK_OK(index({here, holder, text, false}));
  return Target{here, &resource, ""};
}

Result<Dialect> SchemaDocuments::dialect_of(std::string_view uri, int depth) {
  uri.remove_suffix(uri.ends_with('#') ? 1 : 0);
  if (const auto known = known_dialect(uri)) {
    return *known;
  }
  return custom_dialect(uri, depth);
}

/// The dialect of a meta-schema of somebody's own.
Result<Dialect> SchemaDocuments::custom_dialect(std::string_view uri, int depth) {
  const Value* meta = known_document(uri);
  if (meta == nullptr || depth > 8) {
    return fail(Code::kInvalidArgument,
                "the $schema '{}' is not known; use "
                "\"https://json-schema.org/draft/2020-12/schema\"",
                uri);
  }
  const std::string_view own = get_string(*meta, "$schema");
  Dialect dialect;
  if (!own.empty() && own != uri) {
    OAP_TRY(dialect, dialect_of(own, depth + 1));
  }
  const Object* vocabulary = find_object(*meta, "$vocabulary");
  if (vocabulary == nullptr) {
    return dialect;
  }
  return apply_vocabulary(dialect, *vocabulary);
}

}  // namespace oap::json
