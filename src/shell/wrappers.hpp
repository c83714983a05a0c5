#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/script.hpp"

namespace oap::shell {

/// How a program that runs another one takes its own arguments. Private to this folder.
struct WrapperForm {
  std::string_view name;
  std::string_view flags;        ///< short options without a value
  std::string_view with_value;   ///< short options that take one, attached or as the next word
  std::string_view long_flags;   ///< " --foo --bar "
  std::string_view long_values;  ///< long options whose value may be the next word
  int positionals = 0;           ///< own operands before the command
  bool assignments = false;      ///< NAME=value operands before the command
};

/// The form of a wrapper by its base name; null for any other program.
const WrapperForm* wrapper_form(std::string_view program);

/// Where the wrapped command begins in argv, or why that is not known.
struct WrappedAt {
  std::size_t index = 0;  ///< argv.size() where nothing is wrapped
  std::string doubt;      ///< "" where it is certain
  std::vector<std::string> assignments;
};
WrappedAt find_wrapped(const WrapperForm& form, const SimpleCommand& command);

bool is_shell(std::string_view program);
/// Programs whose arguments may be code in a language of their own.
bool takes_code(std::string_view program);

}  // namespace oap::shell
