#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "json/compare.hpp"
#include "json/pointer.hpp"
#include "json/schema_keywords.hpp"
#include "json/schema_node.hpp"
#include "text/nearest.hpp"

namespace oap::json {
namespace {

using Draft = Dialect::Draft;

class Compiler {
 public:
  Compiler(SchemaDocuments& documents, bool assert_formats)
      : documents_(documents), assert_formats_(assert_formats) {}

  Result<Program> run(const Value& root) {
    program_.root = node_of(root);
    while (!work_.empty()) {
      Node* node = work_.back();
      work_.pop_back();
      Result<void> filled = fill(*node);
      if (!filled) {
        return fail(std::move(filled).error());
      }
    }
    return std::move(program_);
  }

 private:
  /// The node of a schema that stands in an indexed place; filled later.
  const Node* node_of(const Value& schema) {
    const auto known = nodes_.find(&schema);
    if (known != nodes_.end()) {
      return known->second;
    }
    const Place& place = documents_.place(schema);
    Node& node = program_.nodes.emplace_back();
    nodes_[&schema] = &node;
    node.source = &schema;
    node.pointer = place.pointer;
    node.scope = scope_of(*place.resource);
    work_.push_back(&node);
    return &node;
  }

  const Scope* scope_of(const Resource& resource) {
    const auto known = scopes_.find(&resource);
    if (known != scopes_.end()) {
      return known->second;
    }
    Scope& scope = program_.scopes.emplace_back();
    scopes_[&resource] = &scope;
    for (const auto& [name, schema] : resource.dynamic_anchors) {
      scope.dynamic_anchors[name] = node_of(*schema);
    }
    return &scope;
  }

  Result<void> fill(Node& node) {
    if (const bool* always = node.source->if_bool()) {
      node.always = *always;
      return {};
    }
    const Dialect& dialect = documents_.place(*node.source).resource->dialect;
    const KeywordReader reader(*node.source, node.pointer);
    const bool only_ref = dialect.ref_hides_siblings() && reader.has("$ref");
    OAP_CHECK_OK(references(node, reader, dialect));
    if (only_ref) {
      return {};
    }
    if (dialect.validation) {
      OAP_CHECK_OK(read_validation(node, reader, dialect));
    }
    if (assert_formats_ || dialect.format_assertion) {
      OAP_CHECK_OK(read_format(node, reader));
    }
    if (dialect.applicator) {
      OAP_CHECK_OK(logic(node, reader));
      OAP_CHECK_OK(items(node, reader, dialect));
      OAP_CHECK_OK(contains(node, reader, dialect));
      OAP_CHECK_OK(members(node, reader));
      OAP_CHECK_OK(dependencies(node, reader, dialect));
    }
    if (dialect.unevaluated && dialect.draft >= Draft::k2019) {
      OAP_CHECK_OK(child(node.unevaluated_items, reader, "unevaluatedItems"));
      OAP_CHECK_OK(child(node.unevaluated_properties, reader, "unevaluatedProperties"));
    }
    return {};
  }

  Result<void> references(Node& node, const KeywordReader& reader, const Dialect& dialect) {
    const bool recursive = dialect.draft == Draft::k2019 && reader.has("$recursiveRef");
    for (const std::string_view keyword : {"$ref", "$recursiveRef"}) {
      if (!reader.has(keyword) || (keyword == "$recursiveRef" && !recursive)) {
        continue;
      }
      OAP_TRY(const std::string_view text, reader.text(keyword));
      OAP_TRY(const Target target, follow(node, reader, keyword, text));
      node.ref = node_of(*target.schema);
    }
    if (dialect.draft == Draft::k2020 && reader.has("$dynamicRef")) {
      OAP_TRY(const std::string_view text, reader.text("$dynamicRef"));
      OAP_TRY(const Target target, follow(node, reader, "$dynamicRef", text));
      node.dynamic_ref = node_of(*target.schema);
      const auto& anchors = target.resource->dynamic_anchors;
      if (!target.anchor.empty() && anchors.contains(target.anchor)) {
        node.dynamic_name = target.anchor;
      }
    }
    return {};
  }

  Result<Target> follow(const Node& node, const KeywordReader& reader, std::string_view keyword,
                        std::string_view text) {
    Result<Target> target = documents_.resolve(*node.source, text);
    if (!target) {
      const Code code = target.error().code();
      return fail(Error(code, reader.problem(keyword, target.error().message()).message()));
    }
    return target;
  }

  /// One keyword that holds a schema.
  Result<void> child(const Node*& out, const KeywordReader& reader, std::string_view keyword) {
    const Value* value = reader.find(keyword);
    if (value == nullptr) {
      return {};
    }
    OAP_TRY(out, schema(*value, reader, keyword));
    return {};
  }

  Result<const Node*> schema(const Value& value, const KeywordReader& reader,
                             std::string_view keyword) {
    if (!value.is_object() && !value.is_bool()) {
      return fail(reader.problem(
          keyword,
          fmt::format("a schema must be an object, true or false, not {}", type_name(value))));
    }
    return node_of(value);
  }

  Result<std::vector<const Node*>> list(const KeywordReader& reader, std::string_view keyword) {
    std::vector<const Node*> out;
    OAP_TRY(const Array* values, reader.array(keyword));
    if (values == nullptr) {
      return out;
    }
    if (values->empty()) {
      return fail(reader.problem(keyword, "the list must not be empty"));
    }
    for (const Value& value : *values) {
      OAP_TRY(const Node* node, schema(value, reader, keyword));
      out.push_back(node);
    }
    return out;
  }

  Result<void> logic(Node& node, const KeywordReader& reader) {
    OAP_TRY(node.all_of, list(reader, "allOf"));
    OAP_TRY(node.any_of, list(reader, "anyOf"));
    OAP_TRY(node.one_of, list(reader, "oneOf"));
    OAP_CHECK_OK(child(node.negated, reader, "not"));
    OAP_CHECK_OK(child(node.condition, reader, "if"));
    OAP_CHECK_OK(child(node.then_node, reader, "then"));
    OAP_CHECK_OK(child(node.else_node, reader, "else"));
    return {};
  }

  Result<void> items(Node& node, const KeywordReader& reader, const Dialect& dialect) {
    const Value* value = reader.find("items");
    const bool old_array = dialect.item_arrays() && value != nullptr && value->is_array();
    ArrayRules& rules = node.arrays ? *node.arrays : node.arrays.emplace();
    if (old_array) {
      for (const Value& item : value->get_array()) {
        OAP_TRY(const Node* compiled, schema(item, reader, "items"));
        rules.prefix.push_back(compiled);
      }
      rules.prefix_keyword = "items";
      rules.rest_keyword = "additionalItems";
      return child(rules.rest, reader, "additionalItems");
    }
    if (!dialect.item_arrays()) {
      OAP_TRY(rules.prefix, list(reader, "prefixItems"));
      rules.prefix_keyword = "prefixItems";
    }
    rules.rest_keyword = "items";
    return child(rules.rest, reader, "items");
  }

  Result<void> contains(Node& node, const KeywordReader& reader, const Dialect& dialect) {
    if (dialect.draft == Draft::k4) {
      return {};
    }
    return child(node.arrays->contains, reader, "contains");
  }

  Result<void> members(Node& node, const KeywordReader& reader) {
    ObjectRules& rules = node.objects ? *node.objects : node.objects.emplace();
    OAP_TRY(const Object* properties, reader.object("properties"));
    if (properties != nullptr) {
      for (const auto& member : *properties) {
        OAP_TRY(const Node* compiled, schema(member.value(), reader, "properties"));
        rules.properties.emplace(std::string(member.key()), compiled);
      }
    }
    OAP_TRY(const Object* patterns, reader.object("patternProperties"));
    if (patterns != nullptr) {
      for (const auto& member : *patterns) {
        const std::string_view source(member.key().data(), member.key().size());
        OAP_TRY(text::Regex regex, reader.regex("patternProperties", source));
        OAP_TRY(const Node* compiled, schema(member.value(), reader, "patternProperties"));
        rules.patterns.emplace_back(std::move(regex), compiled);
      }
    }
    OAP_CHECK_OK(child(rules.additional, reader, "additionalProperties"));
    return child(rules.names, reader, "propertyNames");
  }

  Result<void> dependencies(Node& node, const KeywordReader& reader, const Dialect& dialect) {
    if (dialect.draft >= Draft::k2019) {
      OAP_TRY(const Object* schemas, reader.object("dependentSchemas"));
      if (schemas != nullptr) {
        OAP_CHECK_OK(dependent(node, *schemas, reader, "dependentSchemas"));
      }
    }
    OAP_TRY(const Object* old, reader.object("dependencies"));
    return old == nullptr ? Result<void>() : dependent(node, *old, reader, "dependencies");
  }

  Result<void> dependent(Node& node, const Object& entries, const KeywordReader& reader,
                         std::string_view keyword) {
    for (const auto& member : entries) {
      if (keyword == "dependencies" && member.value().is_array()) {
        OAP_TRY(std::vector<std::string> names, reader.texts(keyword, member.value()));
        node.objects->dependent_required.emplace_back(std::string(member.key()), std::move(names));
        continue;
      }
      OAP_TRY(const Node* compiled, schema(member.value(), reader, keyword));
      node.dependent_schemas.emplace_back(std::string(member.key()), compiled);
    }
    return {};
  }

  SchemaDocuments& documents_;
  bool assert_formats_;
  Program program_;
  std::unordered_map<const Value*, Node*> nodes_;
  std::unordered_map<const Resource*, const Scope*> scopes_;
  std::vector<Node*> work_;
};

}  // namespace

Result<Program> compile_program(SchemaDocuments& documents, const Value& root,
                                bool assert_formats) {
  return Compiler(documents, assert_formats).run(root);
}

}  // namespace oap::json
