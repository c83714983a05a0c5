#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oap::session {

/// A piece of a shell command: text as its template writes it, or values that go there as data.
struct ShellPiece {
  bool is_data = false;
  std::string text;                 ///< where it is no data
  std::vector<std::string> values;  ///< words where the place is outside quotes; else joined
};

/// The command with its values quoted as each place needs: outside quotes, in '…' and in "…"; the
/// shell reads every value as it is. kConfiguration where a value stands at a place at which
/// something reads it as a program or cannot be quoted: a program's name, arithmetic, [[ ]],
/// ${ }, $' ', here-documents, comments, the code of bash -c, eval, awk, python -c and their
/// like. What was filled is read again and must have the template's own structure, or it is
/// refused. Pure. Source: bash 5.2 manual, 3.1.2.
Result<std::string> fill_shell(const std::vector<ShellPiece>& pieces);

}  // namespace oap::session
