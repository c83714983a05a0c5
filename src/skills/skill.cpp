#include "skills/skill.hpp"

#include <algorithm>

#include "skills/tool_list.hpp"
#include "text/strings.hpp"
#include "text/utf8.hpp"
#include "yaml/frontmatter.hpp"

namespace oap::skills {
namespace {

constexpr std::size_t kMostName = 64;
constexpr std::size_t kMostDescription = 1'024;
constexpr std::size_t kMostCompatibility = 500;

/// Reads the fields of one head; the first fault stays.
class Head {
 public:
  Head(const json::Object& fields, const std::string& file) : fields_(fields), file_(file) {}

  std::string text(const char* key, std::size_t most = 4'096) {
    const json::Value* const value = json::find(fields_, key);
    if (value == nullptr || value->is_null()) {
      return "";
    }
    if (!value->is_string()) {
      note(fmt::format("{}: expected text, not {}", key, json::type_name(*value)));
      return "";
    }
    const std::string_view said = text::trim(json::view(value->get_string()));
    if (text::code_point_count(said) > most) {
      note(fmt::format("{}: longer than {} characters", key, most));
    }
    return std::string(said);
  }

  /// YAML 1.2 knows only true and false; people also write yes, no, on, off, 1, 0.
  bool flag(const char* key, bool fallback) {
    const json::Value* const value = json::find(fields_, key);
    if (value == nullptr || value->is_null()) {
      return fallback;
    }
    if (value->is_bool()) {
      return value->get_bool();
    }
    const std::string word = value->is_string() ? text::lower_ascii(json::view(value->get_string()))
                             : value->is_int64() ? std::to_string(value->get_int64())
                                                 : "";
    if (word == "yes" || word == "on" || word == "true" || word == "1") {
      return true;
    }
    if (word == "no" || word == "off" || word == "false" || word == "0") {
      return false;
    }
    note(fmt::format("{}: expected true or false", key));
    return fallback;
  }

  std::vector<std::string> tools(const char* key) {
    auto list = tool_list(fields_, key, file_);
    if (!list) {
      note(fmt::format("{}: expected a list of tools, or one text", key));
      return {};
    }
    return *std::move(list);
  }

  void expect_object(const char* key) {
    const json::Value* const value = json::find(fields_, key);
    if (value != nullptr && !value->is_null() && !value->is_object()) {
      note(fmt::format("{}: expected a map", key));
    }
  }

  void note(std::string fault) {
    if (fault_.empty()) {
      fault_ = std::move(fault);
    }
  }
  const std::string& fault() const { return fault_; }

 private:
  const json::Object& fields_;
  const std::string& file_;
  std::string fault_;
};

bool follows_specification(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || text::is_digit(c) || c == '-'; };
  return std::all_of(name.begin(), name.end(), fits) && !name.ends_with('-') &&
         !text::contains(name, "--");
}

/// The first paragraph that is no heading: what a flat file without a head is about.
std::string first_paragraph(std::string_view body) {
  for (const std::string_view line : text::split_lines(body)) {
    const std::string_view said = text::trim(line);
    if (!said.empty() && !said.starts_with('#') && !said.starts_with("---")) {
      return std::string(text::truncate_utf8(said, kMostDescription));
    }
  }
  return "";
}

}  // namespace

bool is_skill_name(std::string_view name) {
  const auto fits = [](char c) {
    return text::is_alpha(c) || text::is_digit(c) || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kMostName &&
         (text::is_alpha(name.front()) || text::is_digit(name.front())) &&
         std::all_of(name.begin(), name.end(), fits);
}

Result<Skill> parse_skill(std::string_view text, std::string_view name, const std::string& file,
                          bool flat) {
  if (!is_skill_name(name)) {
    return fail(Code::kConfiguration,
                "{}: '{}' cannot be a skill's name (up to 64 letters, digits, - _ .)", file,
                text::escape_visible(name));
  }
  if (text.size() > kMostSkillBytes) {
    return fail(Code::kConfiguration, "{}: larger than {} bytes", file, kMostSkillBytes);
  }
  if (!text::is_valid_utf8(text)) {
    return fail(Code::kConfiguration, "{}: not UTF-8", file);
  }
  OAP_TRY(yaml::Frontmatter parts, yaml::split_frontmatter(text, file));
  Head head(parts.fields, file);
  Skill skill;
  skill.name = name;
  const std::string said = head.text("name");
  skill.description = head.text("description", kMostDescription);
  skill.when_to_use = head.text("when_to_use", kMostDescription);
  skill.argument_hint =
      parts.fields.contains("argument-hint") && parts.fields["argument-hint"].is_array()
          ? "[…]"
          : head.text("argument-hint", 200);
  skill.license = head.text("license", 500);
  skill.compatibility = head.text("compatibility", kMostCompatibility);
  skill.arguments = head.tools("arguments");
  skill.allowed_tools = head.tools("allowed-tools");
  skill.disallowed_tools = head.tools("disallowed-tools");
  skill.model_may_call = !head.flag("disable-model-invocation", false);
  head.flag("user-invocable", true);
  head.expect_object("metadata");
  if (!said.empty() && said != name) {
    head.note(fmt::format("name: '{}' is not the name of its folder, '{}'",
                          text::escape_visible(said), name));
  }
  if (skill.description.empty() && flat) {
    skill.description = first_paragraph(parts.body);
  }
  if (skill.description.empty() && !flat) {
    head.note("description: missing; it tells when the skill is of use");
  }
  if (!head.fault().empty()) {
    return fail(Code::kConfiguration, "{}:1: {}", file, head.fault());
  }
  if (said.empty() && !flat) {
    skill.remarks.push_back("it has no name key; the folder's name counts");
  }
  if (!follows_specification(name)) {
    skill.remarks.push_back("other hosts take only lower-case letters, digits and - in a name");
  }
  skill.body = std::move(parts.body);
  return skill;
}

}  // namespace oap::skills
