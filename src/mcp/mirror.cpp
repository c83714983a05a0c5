#include "mcp/mirror.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "text/strings.hpp"

namespace oap::mcp {
namespace {

constexpr std::string_view kKey = "x-mcp-header";
constexpr std::size_t kDeepest = 64;

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
  std::vector<MirroredParam> take() { return std::move(found_); }

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
  std::vector<MirroredParam> found_;
};

}  // namespace

Result<std::vector<MirroredParam>> read_mirrored(const json::Object& input_schema) {
  Reader reader;
  OAP_CHECK_OK(reader.schema(input_schema, true, 0));
  return reader.take();
}

}  // namespace oap::mcp
