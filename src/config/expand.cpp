#include "config/expand.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "config/shape.hpp"

namespace oap::config {
namespace {

/// Variables whose values are in every path and prompt: redacting them would hide what people need.
constexpr std::array<std::string_view, 16> kOrdinary{
    "HOME", "PWD",    "OLDPWD",   "USER", "LOGNAME", "SHELL",  "PATH",  "LANG",
    "TERM", "TMPDIR", "HOSTNAME", "TZ",   "LC_ALL",  "EDITOR", "PAGER", "DISPLAY"};

bool may_be_secret(std::string_view name) {
  return name.substr(0, 4) != "XDG_" &&
         std::find(kOrdinary.begin(), kOrdinary.end(), name) == kOrdinary.end();
}

Result<void> replace(std::string_view inside, const Env& env, Expanded& out) {
  const std::size_t mark = inside.find(":-");
  const std::string_view name = inside.substr(0, mark);
  if (!name_fits(Shape::Names::kVariable, name)) {
    return fail(Code::kConfiguration,
                "'${{{}}}' names no variable; write ${{NAME}} or ${{NAME:-default}}, or $$ for a $",
                inside.substr(0, 60));
  }
  const std::optional<std::string> value = env(name);
  if (mark != std::string_view::npos && (!value || value->empty())) {
    out.text += inside.substr(mark + 2);
    return {};
  }
  if (!value) {
    return fail(Code::kConfiguration,
                "the environment variable {0} is not set; set it, or write ${{{0}:-default}}",
                name);
  }
  out.text += *value;
  if (may_be_secret(name) && !value->empty()) {
    out.values.push_back(*value);
  }
  return {};
}

}  // namespace

bool has_variables(std::string_view text) {
  return text.find("${") != std::string_view::npos || text.find("$$") != std::string_view::npos;
}

Result<Expanded> expand(std::string_view text, const Env& env) {
  Expanded out;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.substr(0, 2) == "$$") {
      out.text += '$';
      at += 2;
    } else if (rest.substr(0, 2) == "${") {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos) {
        return fail(Code::kConfiguration,
                    "a '${{' is not closed with '}}'; write $$ for a $ that stands for itself");
      }
      OAP_CHECK_OK(replace(rest.substr(2, end - 2), env, out));
      at += end + 1;
    } else {
      out.text += text[at];
      ++at;
    }
  }
  return out;
}

}  // namespace oap::config
