#include "mcp/client/param_headers.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "crypto/hash.hpp"
#include "text/strings.hpp"

namespace oap::mcp {
namespace {

constexpr std::string_view kKey = "x-mcp-header";
constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";
constexpr std::size_t kDeepest = 64;
constexpr double kMostInteger = 9007199254740991.0;  // 2^53 - 1

bool is_tchar(char c) {
  return text::is_alpha(c) || text::is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// A string, an integer or a boolean, perhaps or null.
bool is_mirrored_type(const json::Object& schema) {
  const auto fits = [](std::string_view type) {
    return type == "string" || type == "integer" || type == "boolean";
  };
  const json::Array* types = json::find_array(schema, "type");
  if (types == nullptr) {
    return fits(json::get_string(schema, "type"));
  }
  int fitting = 0;
  int nulls = 0;
  for (const json::Value& each : *types) {
    const std::string_view type = each.is_string() ? json::view(each.get_string()) : "";
    fitting += fits(type) ? 1 : 0;
    nulls += type == "null" ? 1 : 0;
  }
  return fitting == 1 && fitting + nulls == static_cast<int>(types->size());
}

/// Walks a schema; `reachable` says whether only `properties` lead here.
class Reader {
 public:
  Result<void> schema(const json::Object& schema, bool reachable, std::size_t depth) {
    if (depth > kDeepest) {
      return fail(Code::kUpstream, "its inputSchema is nested too deeply");
    }
    for (const auto& member : schema) {
      const std::string_view key(member.key().data(), member.key().size());
      const bool leads_on = reachable && key == "properties" && member.value().is_object();
      const bool named_so = !reachable && !member.value().is_string();
      if (key == kKey && !named_so) {
        OAP_CHECK_OK(declaration(schema, member.value(), reachable));
      } else if (leads_on) {
        OAP_CHECK_OK(properties(member.value().get_object(), depth));
      } else if (!is_data(key)) {
        OAP_CHECK_OK(elsewhere(member.value(), depth));
      }
    }
    return {};
  }
  std::vector<ParamHeader> take() { return std::move(found_); }

 private:
  static bool is_data(std::string_view key) {
    return key == "default" || key == "examples" || key == "enum" || key == "const";
  }

  Result<void> properties(const json::Object& properties, std::size_t depth) {
    for (const auto& member : properties) {
      if (!member.value().is_object()) {
        continue;
      }
      path_.emplace_back(member.key().data(), member.key().size());
      OAP_CHECK_OK(schema(member.value().get_object(), true, depth + 1));
      path_.pop_back();
    }
    return {};
  }

  /// Anything below another keyword: a declaration there is one too many.
  Result<void> elsewhere(const json::Value& value, std::size_t depth) {
    if (value.is_array()) {
      for (const json::Value& each : value.get_array()) {
        OAP_CHECK_OK(elsewhere(each, depth + 1));
      }
    } else if (value.is_object()) {
      return schema(value.get_object(), false, depth + 1);
    }
    return {};
  }

  Result<void> declaration(const json::Object& schema, const json::Value& value, bool reachable) {
    if (!value.is_string()) {
      return fail(Code::kUpstream, "an x-mcp-header is {}, not a string", json::type_name(value));
    }
    const std::string name(json::view(value.get_string()));
    if (name.empty() || !std::all_of(name.begin(), name.end(), &is_tchar)) {
      return fail(Code::kUpstream, "an x-mcp-header is no header name");
    }
    if (!reachable || path_.empty()) {
      return fail(Code::kUpstream, "the x-mcp-header '{}' is not at a plain property", name);
    }
    if (!is_mirrored_type(schema)) {
      return fail(Code::kUpstream,
                  "the x-mcp-header '{}' is at a property that is no string, integer or boolean",
                  name);
    }
    if (!names_.insert(text::lower_ascii(name)).second) {
      return fail(Code::kUpstream, "the x-mcp-header '{}' occurs twice", name);
    }
    found_.push_back({"Mcp-Param-" + name, path_});
    return {};
  }

  std::vector<std::string> path_;
  std::set<std::string> names_;
  std::vector<ParamHeader> found_;
};

std::optional<std::string> header_text(const json::Value& value) {
  if (value.is_string()) {
    return std::string(json::view(value.get_string()));
  }
  if (value.is_bool()) {
    return value.get_bool() ? "true" : "false";
  }
  if (value.is_int64()) {
    return fmt::to_string(value.get_int64());
  }
  if (value.is_uint64()) {
    return fmt::to_string(value.get_uint64());
  }
  if (value.is_double() && std::abs(value.get_double()) <= kMostInteger &&
      std::trunc(value.get_double()) == value.get_double()) {
    return fmt::to_string(static_cast<std::int64_t>(value.get_double()));
  }
  return std::nullopt;
}

}  // namespace

std::string encode_header_value(std::string_view value) {
  const bool padded = !value.empty() && (value.front() == ' ' || value.back() == ' ' ||
                                         value.front() == '\t' || value.back() == '\t');
  const bool plain = std::all_of(value.begin(), value.end(),
                                 [](char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; });
  const bool taken_for_encoded = value.starts_with(kPrefix) && value.ends_with(kSuffix);
  if (plain && !padded && !taken_for_encoded) {
    return std::string(value);
  }
  return std::string(kPrefix) + crypto::to_base64(value) + std::string(kSuffix);
}

Result<std::vector<ParamHeader>> read_param_headers(const json::Object& input_schema) {
  Reader reader;
  OAP_CHECK_OK(reader.schema(input_schema, true, 0));
  return reader.take();
}

net::HeaderList mirror_params(const std::vector<ParamHeader>& declared,
                              const json::Object& arguments) {
  net::HeaderList headers;
  for (const ParamHeader& each : declared) {
    const json::Object* object = &arguments;
    const json::Value* value = nullptr;
    for (const std::string& name : each.path) {
      value = object == nullptr ? nullptr : json::find(*object, name);
      object = value == nullptr ? nullptr : value->if_object();
    }
    if (const auto text = value == nullptr ? std::nullopt : header_text(*value)) {
      headers.emplace_back(each.name, encode_header_value(*text));
    }
  }
  return headers;
}

}  // namespace oap::mcp
