#pragma once

#include <cstddef>

#include "security/secret_checks.hpp"
#include "security/secret_context.hpp"

namespace oap::security {

/// A setting's name as it stands in the text. Private to this folder, as all below.
struct SettingName {
  std::size_t start = 0;
  std::size_t end = 0;
  bool quoted = false;
};

/// What stands between a name and its value.
struct Separator {
  bool valid = false;
  bool waits = false;
  char kind = '=';           ///< : = > ( or x for an XML tag
  std::size_t name_end = 0;  ///< where the name's side begins
  std::size_t value = 0;     ///< where the value's side begins
};

/// A setting's value; nothing where `end` is not behind `start`.
struct SettingValue {
  bool waits = false;  ///< only what comes behind the view can tell
  std::size_t start = 0;
  std::size_t end = 0;
  ValueForm form = ValueForm::kBare;
  bool wrapped = false;  ///< the literal in a call: `bytes.fromhex("…")`
};

/// The value behind the separator: quoted, a word, the rest of a line, a block's line. Looks on
/// 4,096 bytes at most. Pure.
SettingValue value_at(const TextView& view, const SettingName& name, const Separator& separator);

}  // namespace oap::security
