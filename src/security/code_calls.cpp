#include "security/code_calls.hpp"

#include <algorithm>
#include <optional>

#include "text/strings.hpp"

namespace oap::security {
namespace {

bool opens(const CodeToken& token) { return token.is("(") || token.is("[") || token.is("{"); }
bool closes(const CodeToken& token) { return token.is(")") || token.is("]") || token.is("}"); }
bool is_dot(const CodeToken& token) { return token.is(".") || token.is("?."); }

constexpr std::size_t kLongestArguments = 1024;
/// As much is looked at of arguments that do not close.
constexpr std::size_t kOpenArguments = 64;

/// Calls within more calls than these are looked at that far, too: so each token is looked at a few
/// times, however deep it stands.
constexpr std::size_t kDeep = 16;
constexpr std::size_t kDeepArguments = 12;
/// The most of an assignment that is looked at, and what all of them may cost a token of the text.
constexpr std::size_t kLongestAssignment = 256;
constexpr std::uint64_t kAssignmentEffort = 8;

/// For each opening bracket the place of the one that closes it, and how deep it stands.
struct Brackets {
  struct Place {
    std::size_t close = 0;  ///< 0: none
    std::size_t depth = 0;
  };
  std::vector<Place> at;

  explicit Brackets(TokenSpan tokens) : at(tokens.size()) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (opens(tokens[i])) {
        at[i].depth = open.size();
        open.push_back(i);
      } else if (closes(tokens[i]) && !open.empty()) {
        at[open.back()].close = i;
        open.pop_back();
      }
    }
  }

  /// Behind the last token of the arguments whose bracket stands at `bracket`.
  std::size_t end(std::size_t bracket, std::size_t size) const {
    const Place& place = at[bracket];
    const bool whole = place.close != 0 && place.close - bracket < kLongestArguments;
    const std::size_t end = whole ? place.close : size;
    const bool deep = place.depth >= kDeep;
    return whole && !deep ? end : std::min(end, bracket + (deep ? kDeepArguments : kOpenArguments));
  }
};

/// Where the dotted name begins that ends with the name at `last`.
std::size_t dotted_start(TokenSpan tokens, std::size_t last) {
  std::size_t start = last;
  while (start >= 2 && is_dot(tokens[start - 1]) && tokens[start - 2].is_name()) {
    start -= 2;
  }
  return start;
}

std::string dotted(TokenSpan tokens, std::size_t start, std::size_t last) {
  std::string out;
  for (std::size_t i = start; i <= last; ++i) {
    out += is_dot(tokens[i]) ? "." : tokens[i].text;
  }
  return out;
}

/// The module in `require("module")` that ends before the dot at `dot`; else empty.
std::string required_before(TokenSpan tokens, std::size_t dot) {
  const bool required = dot >= 4 && tokens[dot - 1].is(")") && tokens[dot - 2].is_string() &&
                        tokens[dot - 3].is("(") && tokens[dot - 4].is("require");
  const std::string_view module = required ? tokens[dot - 2].text : std::string_view();
  return std::string(module.starts_with("node:") ? module.substr(5) : module);
}

std::vector<CodeArgument> arguments_of(TokenSpan inner) {
  std::vector<CodeArgument> out;
  std::size_t start = 0;
  int depth = 0;
  const auto add = [&](std::size_t end) {
    TokenSpan value = inner.subspan(start, end - start);
    CodeArgument argument;
    if (value.size() > 2 && value[0].is_name() && value[1].is("=")) {
      argument.name = value[0].text;
      value = value.subspan(2);
    }
    argument.value = value;
    if (!value.empty()) {
      out.push_back(argument);
    }
    start = end + 1;
  };
  for (std::size_t i = 0; i < inner.size(); ++i) {
    depth += opens(inner[i]) ? 1 : closes(inner[i]) ? -1 : 0;
    if (depth == 0 && inner[i].is(",")) {
      add(i);
    }
  }
  if (start < inner.size()) {
    add(inner.size());
  }
  return out;
}

/// `part` where it begins a component of the dotted name, or ends it whole.
bool holds_part(std::string_view name, std::string_view part) {
  const bool front = part.ends_with('.');
  if (!front && name.size() > part.size()) {
    return name.ends_with(part) && name[name.size() - part.size() - 1] == '.';
  }
  for (std::size_t at = name.find(part); at != std::string_view::npos;
       at = front ? name.find(part, at + 1) : std::string_view::npos) {
    if (at == 0 ? (front || name == part) : name[at - 1] == '.') {
      return true;
    }
  }
  return false;
}

bool begins_with_any(std::string_view name, std::span<const std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return holds_part(name, part); });
}

bool is_literal_word(std::string_view word) {
  static constexpr std::string_view kWords[] = {"None",  "True", "False",     "true",
                                                "false", "null", "undefined", "not",
                                                "and",   "or",   "await",     "new"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

}  // namespace

TokenSpan CodeCall::positional(std::size_t index) const {
  for (const CodeArgument& argument : arguments) {
    if (argument.name.empty() && index-- == 0) {
      return argument.value;
    }
  }
  return {};
}

TokenSpan CodeCall::named(std::string_view wanted) const {
  for (const CodeArgument& argument : arguments) {
    if (argument.name == wanted) {
      return argument.value;
    }
  }
  return {};
}

std::string CodeNames::full_name(std::string_view name) const {
  const std::size_t dot = name.find('.');
  const auto found = imported.find(name.substr(0, dot));
  if (found == imported.end()) {
    return std::string(name);
  }
  return found->second + (dot == std::string_view::npos ? "" : std::string(name.substr(dot)));
}

void CodeNames::taint(const std::string& name, std::uint32_t line) {
  auto& lines = tainted[name];
  lines.insert(std::upper_bound(lines.begin(), lines.end(), line), line);
}

bool CodeNames::is_tainted(std::string_view name, std::uint32_t line) const {
  constexpr std::uint32_t kReach = 60;
  const auto found = tainted.find(name);
  if (found == tainted.end()) {
    return false;
  }
  const auto behind = std::upper_bound(found->second.begin(), found->second.end(), line);
  if (behind == found->second.begin() || line - *std::prev(behind) > kReach) {
    return false;
  }
  const auto check = checked.find(name);
  return check == checked.end() ||
         std::none_of(check->second.begin(), check->second.end(),
                      [&](std::uint32_t at) { return at >= *std::prev(behind) && at <= line; });
}

namespace {

CodeCall call_at(TokenSpan tokens, std::size_t start, std::size_t last, const CodeNames& names) {
  CodeCall call;
  const bool of_other = start > 0 && is_dot(tokens[start - 1]);
  const std::string written = dotted(tokens, start, last);
  call.name =
      of_other ? required_before(tokens, start - 1) + "." + written : names.full_name(written);
  call.receiver =
      written.substr(0, written.size() - std::min(written.size(), tokens[last].text.size() + 1));
  call.line = tokens[last].line;
  call.is_new = start > 0 && tokens[start - 1].is("new");
  return call;
}

/// `eval(node) {`
bool defines_method(TokenSpan tokens, std::size_t name, const Brackets& brackets) {
  const std::size_t close = brackets.at[name + 1].close;
  return close != 0 && close + 1 < tokens.size() && tokens[close + 1].is("{") &&
         tokens[close + 1].line == tokens[close].line;
}

/// `outer`: where, among the program's own tokens, the string stands that these are inside of.
void calls_in(TokenSpan tokens, std::optional<std::size_t> outer, const CodeNames& names,
              const std::function<void(const CodeCall&)>& visit) {
  const Brackets brackets(tokens);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_name() || !tokens[i + 1].is("(")) {
      continue;
    }
    const std::size_t start = dotted_start(tokens, i);
    if (defines_method(tokens, i, brackets)) {
      continue;
    }
    if (start > 0 && (tokens[start - 1].is("def") || tokens[start - 1].is("function") ||
                      tokens[start - 1].is("class"))) {
      continue;
    }
    CodeCall call = call_at(tokens, start, i, names);
    call.at = outer.value_or(start);
    const std::size_t end = brackets.end(i + 1, tokens.size());
    names.looked += end - i;
    call.arguments = arguments_of(tokens.subspan(i + 2, end > i + 2 ? end - i - 2 : 0));
    const std::size_t close = brackets.at[i + 1].close;
    if (close != 0 && close + 2 < tokens.size() && is_dot(tokens[close + 1])) {
      call.then = tokens[close + 2].text;
    }
    visit(call);
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].inside.empty()) {
      calls_in(tokens[i].inside, outer.value_or(i), names, visit);
    }
  }
}

}  // namespace

void each_call(TokenSpan tokens, const CodeNames& names,
               const std::function<void(const CodeCall&)>& visit) {
  calls_in(tokens, std::nullopt, names, visit);
}

CodeValue value_of(TokenSpan expression, const CodeNames& names, const CodeSources& sources) {
  CodeValue out;
  names.looked += expression.size();
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const CodeToken& token = expression[i];
    if (token.is_string()) {
      out.text = out.text.empty() ? token.text : out.text;
      if (token.dynamic) {
        const CodeValue inner = value_of(token.inside, names, sources);
        out.constant = out.constant && inner.constant && !token.inside.empty();
        out.tainted = out.tainted || inner.tainted;
        out.cleaned = out.cleaned || inner.cleaned;
      }
      continue;
    }
    if (!token.is_name() || is_literal_word(token.text)) {
      continue;
    }
    const bool keyword = i + 1 < expression.size() &&
                         (expression[i + 1].is("=") || expression[i + 1].is(":")) && i > 0;
    if (keyword || (i > 0 && is_dot(expression[i - 1]))) {
      continue;
    }
    std::size_t last = i;
    while (last + 2 < expression.size() && is_dot(expression[last + 1]) &&
           expression[last + 2].is_name()) {
      last += 2;
    }
    const std::string name = names.full_name(dotted(expression, i, last));
    const std::string_view first = std::string_view(name).substr(0, name.find('.'));
    out.cleaned = out.cleaned || begins_with_any(name, sources.cleaners);
    out.tainted = out.tainted || names.is_tainted(first, token.line) ||
                  begins_with_any(name, sources.sources);
    const bool method_of_literal = i > 0 && is_dot(expression[i - 1]);
    out.constant = out.constant && (names.constant.contains(name) || method_of_literal);
  }
  out.constant = out.constant && !expression.empty();
  return out;
}

CodeValue value_of(TokenSpan expression, const CodeNames& names) {
  return value_of(expression, names, CodeSources{});
}

void learn_names(TokenSpan tokens, const CodeSources& sources, CodeNames& names) {
  std::set<std::string, std::less<>> changed;
  for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
    const bool assigns = tokens[i + 1].is("=") || tokens[i + 1].is("+=") || tokens[i + 1].is(":=");
    if (!tokens[i].is_name() || !assigns ||
        (i > 0 && (is_dot(tokens[i - 1]) || tokens[i - 1].is(",") || tokens[i - 1].is("(")))) {
      continue;
    }
    const std::string name(tokens[i].text);
    std::size_t end = i + 2;
    int depth = 0;
    const bool dear = names.looked > kAssignmentEffort * tokens.size();
    const std::size_t longest = dear ? 4 : kLongestAssignment;
    while (end < tokens.size() && end - i < longest) {
      depth += opens(tokens[end]) ? 1 : closes(tokens[end]) ? -1 : 0;
      const bool next_line = depth <= 0 && tokens[end].line != tokens[end - 1].line &&
                             !tokens[end - 1].is("+") && !tokens[end].is("+") &&
                             !is_dot(tokens[end]);
      if (depth < 0 ||
          (depth == 0 && (tokens[end].is(";") || tokens[end].kind == CodeToken::Kind::kLine)) ||
          (next_line && end > i + 2)) {
        break;
      }
      ++end;
    }
    names.looked += end - i;
    CodeValue value = value_of(tokens.subspan(i + 2, end - i - 2), names, sources);
    if (dear) {
      value = {false, true, false, {}};  // nobody looks at all of it: it may hold anything
    }
    if (value.tainted && !value.cleaned) {
      names.taint(name, tokens[i].line);
    }
    const bool first = changed.insert(name).second;
    if (value.constant && !tokens[i + 1].is("+=") && (first || names.constant.contains(name))) {
      names.constant.insert(name);
    } else {
      names.constant.erase(name);
    }
  }
}

}  // namespace oap::security
