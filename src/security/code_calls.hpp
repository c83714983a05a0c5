#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "security/code_tokens.hpp"

namespace oap::security {

/// One argument of a call: `name=value` has its name.
struct CodeArgument {
  std::string_view name;
  TokenSpan value;
};

/// `os.path.join(a, b)`: the dotted name as imported ("os.path.join"), arguments, place.
struct CodeCall {
  std::string name;
  std::string receiver;  ///< what stands before the last name, as written
  std::vector<CodeArgument> arguments;
  std::uint32_t line = 0;
  std::size_t at = 0;  ///< of its first token, or of the string that it stands in
  bool is_new = false;
  std::string_view then = {};  ///< the method that is called of what it returns

  /// The positional argument, or an empty span.
  TokenSpan positional(std::size_t index) const;
  TokenSpan named(std::string_view name) const;
};

/// What is known of a program's names: what they were imported as, and what they hold. One pass in
/// the order of the text, so linear; a name set twice from different sides is what it was worst.
struct CodeNames {
  std::map<std::string, std::string, std::less<>> imported;  ///< local name → full name
  std::set<std::string, std::less<>> constant;               ///< hold nothing but literals
  /// Hold what came from outside, from these lines on, for as far as a function may be long.
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> tainted;
  /// Were held against something on these lines, and who failed left: from there on they are clean.
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> checked;
  /// How many tokens were looked at to tell.
  mutable std::uint64_t looked = 0;

  /// "exec" as "child_process.exec".
  std::string full_name(std::string_view dotted) const;
  void taint(const std::string& name, std::uint32_t line);
  bool is_tainted(std::string_view name, std::uint32_t line) const;
};

/// Visits the calls of a token list in order, then those inside of its strings.
void each_call(TokenSpan tokens, const CodeNames& names,
               const std::function<void(const CodeCall&)>& visit);

/// What an expression is made of.
struct CodeValue {
  bool constant = true;   ///< literals, and names that hold such, alone
  bool tainted = false;   ///< something that came from outside is in it
  bool cleaned = false;   ///< went through something that makes it harmless
  std::string_view text;  ///< the first literal's text
};
CodeValue value_of(TokenSpan expression, const CodeNames& names);

/// Sources and cleaners of a language, given as full names or their beginnings ("request.").
struct CodeSources {
  std::span<const std::string_view> sources;
  std::span<const std::string_view> cleaners;
};
/// Fills `constant` and `tainted` from the assignments.
void learn_names(TokenSpan tokens, const CodeSources& sources, CodeNames& names);
/// As value_of, with the sources of the language.
CodeValue value_of(TokenSpan expression, const CodeNames& names, const CodeSources& sources);

}  // namespace oap::security
