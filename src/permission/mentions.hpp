#pragma once

#include <string>
#include <vector>

#include "shell/script.hpp"

namespace oap::permission {

/// A part of a call's words that may be a file's name.
struct Mention {
  std::string path;
  bool writes = false;   ///< the program may write there, too
  bool by_name = false;  ///< only where something of that name is there: it looks like any word
  bool operator==(const Mention&) const = default;
};

/// What of a call's words may name files, whatever its program means by them: bare words, what
/// stands behind `=`, `:`, `@` and `,` in them, the values of `--option=`, and the rest of a group
/// of short options (`-aF.env`). Where `known`, the program's own operands are looked at elsewhere;
/// then only options and the words behind them count. Left out are what is printed, messages,
/// patterns of searches, names of what is passed over, and addresses of the network. Pure.
std::vector<Mention> mentions_of(const shell::SimpleCommand& command, bool known);

}  // namespace oap::permission
