#pragma once

#include <string_view>
#include <vector>

#include "permission/rule.hpp"

namespace oap::permission {

/// Options of a program whose value is a file, attached or as the next word. Private to this
/// folder, as all below.
struct FileOption {
  std::string_view programs;
  std::string_view letters;
  std::string_view longs;
  Action access = Action::kRead;
};

/// The rows about a program, by its base name.
const std::vector<const FileOption*>& file_options(std::string_view program);

/// Programs that read the files that they are given.
bool is_reader(std::string_view program);

}  // namespace oap::permission
