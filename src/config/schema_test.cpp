#include "json/schema.hpp"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/check.hpp"
#include "config/load.hpp"
#include "config/shapes.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "os/file.hpp"
#include "text/strings.hpp"
#include "yaml/yaml.hpp"

namespace oap::config {
namespace {

using ::testing::HasSubstr;

// The JSON Schemas are the shapes in another notation: this writes them, and the files must be
// equal to it. OAP_UPDATE_SCHEMAS=1 rewrites the files.
class SchemaWriter {
 public:
  static json::Value file(const std::string& title, const Shape& shape) {
    json::Object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                        {"title", json::String(title)}};
    for (const auto& pair : of(shape)) {
      schema[pair.key()] = pair.value();
    }
    schema["$defs"] = json::Object{
        {"variable", json::Object{{"type", "string"},
                                  {"pattern", R"(\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\})"},
                                  {"description",
                                   "An environment variable: ${NAME} or "
                                   "${NAME:-default}."}}}};
    return schema;
  }

 private:
  static json::Object of(const Shape& shape) {
    json::Object out;
    if (!shape.description.empty()) {
      out["description"] = json::String(shape.description);
    }
    const bool plain_text = shape.kind == Shape::Kind::kText && shape.choices.empty() &&
                            shape.format != Shape::Format::kUrl &&
                            shape.format != Shape::Format::kVariable;
    const bool scalar = shape.kind == Shape::Kind::kBool || shape.kind == Shape::Kind::kInteger ||
                        shape.kind == Shape::Kind::kNumber || shape.kind == Shape::Kind::kBytes ||
                        shape.kind == Shape::Kind::kText;
    json::Object type;
    describe(shape, type);
    if (scalar && !plain_text) {
      out["anyOf"] = json::Array{type, json::Object{{"$ref", "#/$defs/variable"}}};
    } else {
      for (const auto& pair : type) {
        out[pair.key()] = pair.value();
      }
    }
    if (!shape.fallback.is_null()) {
      out["default"] = shape.fallback;
    }
    return out;
  }

  static void describe(const Shape& shape, json::Object& out) {
    switch (shape.kind) {
      case Shape::Kind::kAny:
        out["type"] = json::Array{"object", "null"};
        return;
      case Shape::Kind::kText:
        return text(shape, out);
      case Shape::Kind::kBool:
        out["type"] = "boolean";
        return;
      case Shape::Kind::kInteger:
      case Shape::Kind::kNumber:
        out["type"] = shape.kind == Shape::Kind::kInteger ? "integer" : "number";
        out["minimum"] = *shape.minimum;
        out["maximum"] = *shape.maximum;
        return;
      case Shape::Kind::kBytes:
        out["type"] = json::Array{"integer", "string"};
        out["minimum"] = 1;
        out["pattern"] = R"(^\s*[0-9][0-9.]*\s*([kKmMgGtTpP]([iI]?[bB]?)|[bB])?\s*$)";
        return;
      case Shape::Kind::kCommand:
        out["type"] = json::Array{"array", "string"};
        out["items"] = json::Object{{"type", "string"}};
        out["minItems"] = 1;
        out["minLength"] = 1;
        return;
      case Shape::Kind::kList:
        out["type"] = json::Array{"array", "null"};
        out["items"] = of(*shape.element);
        return;
      case Shape::Kind::kMap:
      case Shape::Kind::kObject:
        return members(shape, out);
    }
  }

  static void text(const Shape& shape, json::Object& out) {
    out["type"] = "string";
    if (!shape.choices.empty()) {
      json::Array choices;
      for (const std::string& choice : shape.choices) {
        choices.emplace_back(json::String(choice));
      }
      for (const auto& alias : shape.aliases) {
        choices.emplace_back(json::String(alias.first));
      }
      out["enum"] = std::move(choices);
    } else if (shape.format == Shape::Format::kUrl) {
      out["pattern"] = "^[hH][tT][tT][pP][sS]?://[^/]";
    } else if (shape.format == Shape::Format::kVariable) {
      out["pattern"] = "^[A-Za-z_][A-Za-z0-9_]*$";
    } else if (shape.format == Shape::Format::kHeaderValue) {
      out["pattern"] = R"(^[^\r\n]*$)";
    } else if (shape.format == Shape::Format::kPlain) {
      out["minLength"] = 1;
    }
  }

  static const char* name_pattern(Shape::Names names) {
    switch (names) {
      case Shape::Names::kAnything:
        return "^.{1,200}$";
      case Shape::Names::kName:
      case Shape::Names::kProvider:
      case Shape::Names::kServer:
        return "^[A-Za-z0-9_][A-Za-z0-9_-]{0,47}$";
      case Shape::Names::kVariable:
        return "^[A-Za-z_][A-Za-z0-9_]*$";
      case Shape::Names::kHeader:
        return R"(^[-!#$%&'*+.^_`|~A-Za-z0-9]+$)";
    }
    return "";
  }

  static void members(const Shape& shape, json::Object& out) {
    out["type"] = json::Array{"object", "null"};
    json::Object properties;
    for (const Field& field : shape.fields) {
      properties[field.key] = of(field.shape);
      if (field.key == "enabled" && shape.element) {
        properties[field.key].get_object()["maxItems"] = 0;
      }
    }
    if (!properties.empty()) {
      out["properties"] = std::move(properties);
    }
    if (shape.element) {
      out["propertyNames"] = json::Object{{"pattern", name_pattern(shape.names)}};
      json::Object further = of(*shape.element);
      json::Array any;
      for (const std::string& key : shape.told_by) {
        any.push_back(json::Object{{"required", json::Array{json::Value(key)}}});
      }
      if (!any.empty()) {
        further["anyOf"] = std::move(any);
      }
      out["additionalProperties"] = std::move(further);
    } else {
      out["additionalProperties"] = false;
    }
  }
};

std::string schema_path(const std::string& name) {
  return OAP_SOURCE_DIR "/config/schemas/" + name + ".schema.json";
}

void expect_equal_to_file(const std::string& name, const json::Value& schema) {
  const std::string text = json::print_pretty(schema) + "\n";
  if (std::getenv("OAP_UPDATE_SCHEMAS") != nullptr) {
    ASSERT_TRUE(os::write_file_atomic(schema_path(name), text, 0644));
  }
  const auto file = os::read_file(schema_path(name));
  ASSERT_TRUE(file);
  EXPECT_EQ(*file, text) << name << ": run OAP_UPDATE_SCHEMAS=1 config_test and build again";
  EXPECT_EQ(config::schema(name), *file);
  EXPECT_EQ(config::schema(name + ".yaml"), *file);
}

Shape own_shape(const Shape& whole, const OwnFile& own) {
  return object("", {*whole.find(own.key)});
}

TEST(Schema, FilesAreTheShapes) {
  const Shape whole = config_shape();
  expect_equal_to_file("config", SchemaWriter::file(".opencode/config.yaml", whole));
  for (const OwnFile& own : own_files()) {
    const std::string name(own.file.substr(0, own.file.size() - 5));
    expect_equal_to_file(
        name, SchemaWriter::file(".opencode/" + std::string(own.file), own_shape(whole, own)));
  }
}

TEST(Schema, EachNameHasOneAndItCompiles) {
  for (const std::string& name : schema_names()) {
    const auto value = json::parse(schema(name));
    ASSERT_TRUE(value) << name;
    const auto compiled = json::Schema::compile(*value);
    EXPECT_TRUE(compiled) << name << ": " << compiled.error().message();
    EXPECT_FALSE(json::get_string(*value, "title").empty());
  }
  EXPECT_EQ(schema("nothing"), "");
  EXPECT_EQ(schema(""), "");
}

/// The keys of a schema and of a shape, as sorted lists of dotted paths.
void shape_keys(const Shape& shape, const std::string& at, std::vector<std::string>& out) {
  for (const Field& field : shape.fields) {
    out.push_back(at + "." + field.key);
    shape_keys(field.shape, at + "." + field.key, out);
  }
  if (shape.element) {
    shape_keys(*shape.element, at + ".*", out);
  }
}

void schema_keys(const json::Value& schema, const std::string& at, std::vector<std::string>& out) {
  if (const json::Object* const properties = json::find_object(schema, "properties")) {
    for (const auto& pair : *properties) {
      out.push_back(at + "." + std::string(pair.key()));
      schema_keys(pair.value(), at + "." + std::string(pair.key()), out);
    }
  }
  for (const char* const inner : {"additionalProperties", "items"}) {
    if (const json::Object* const element = json::find_object(schema, inner)) {
      schema_keys(*element, at + ".*", out);
    }
  }
}

TEST(Schema, WalksOverBothFindTheSameKeys) {
  std::vector<std::string> of_shape;
  shape_keys(config_shape(), "", of_shape);
  std::vector<std::string> of_schema;
  const auto value = json::parse(schema("config"));
  ASSERT_TRUE(value);
  schema_keys(*value, "", of_schema);
  EXPECT_THAT(of_schema, ::testing::UnorderedElementsAreArray(of_shape));
  EXPECT_GT(of_shape.size(), 80U);
}

std::string schema_name_of(const std::string& file) {
  for (const std::string& name : schema_names()) {
    if (file.rfind(name, 0) == 0 && (file.size() == name.size() + 5 || file[name.size()] == '.')) {
      return name;
    }
  }
  return "";
}

TEST(Schema, ExamplesPassBothSchemaAndReader) {
  const std::string dir = OAP_SOURCE_DIR "/config/examples";
  const auto files = os::list_dir(dir);
  ASSERT_TRUE(files);
  const Shape whole = config_shape();
  const auto env = [](std::string_view) { return std::optional<std::string>("some-value-123"); };
  int yaml_files = 0;
  for (const std::string& file : *files) {
    if (file.size() < 5 || file.substr(file.size() - 5) != ".yaml") {
      continue;
    }
    SCOPED_TRACE(file);
    ++yaml_files;
    const auto document = yaml::parse(*os::read_file(dir + "/" + file), file);
    ASSERT_TRUE(document) << document.error().message();
    const std::string name = schema_name_of(file);
    ASSERT_FALSE(name.empty());
    const auto compiled = json::Schema::compile(*json::parse(schema(name)));
    ASSERT_TRUE(compiled) << compiled.error().message();
    for (const json::Violation& violation : compiled->validate(document->value)) {
      ADD_FAILURE() << violation.instance_path << ": " << violation.message;
    }
    if (name == "permissions") {
      continue;
    }
    Shape shape = whole;
    for (const OwnFile& own : own_files()) {
      shape = own.file == name + ".yaml" ? own_shape(whole, own) : shape;
    }
    const Checked checked = check(*document, shape, {env, true});
    for (const Problem& problem : checked.problems) {
      ADD_FAILURE() << problem.to_string();
    }
  }
  EXPECT_GE(yaml_files, 5);
}

TEST(Schema, RefusesWhatTheReaderRefuses) {
  const auto compiled = json::Schema::compile(*json::parse(schema("config")));
  ASSERT_TRUE(compiled);
  for (const char* const text :
       {"routing: {agent_timout: 1}", "platform: {log_level: loud}", "platform: 5",
        "mcp_servers: {a: {command: []}}", "mcp_servers: {a: {protocol: soap}}",
        "plugins: {enabled: [a]}", "mcp_servers: {a: {url: 'ftp://x'}}", "agents: {worker: {}}",
        "mcp_servers: {a: {resource_limits: {memory: lots}}}", "security: {scanner: {zzz: 1}}"}) {
    const auto document = yaml::parse(text, "f");
    ASSERT_TRUE(document);
    EXPECT_FALSE(compiled->is_valid(document->value)) << text;
  }
  for (const char* const text :
       {"routing: {agent_timeout: 1}", "routing: {agent_timeout: '${T:-1}'}", "platform:",
        "mcp_servers: {a: {command: npx, resource_limits: {memory: 512MB, disk: 4096}}}"}) {
    const auto document = yaml::parse(text, "f");
    ASSERT_TRUE(document);
    EXPECT_TRUE(compiled->is_valid(document->value)) << text;
  }
}

}  // namespace
}  // namespace oap::config
